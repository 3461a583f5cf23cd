"""Two hosts in network namespaces of this machine, joined by a link of a given speed. Standard library only; needs root.

The link is a program: whatever kernel modules for slow networks the machine lacks, packets pass through here, wait as
long as they would on the wire, and can be cut off.
"""

import collections
import fcntl
import os
import pathlib
import select
import struct
import subprocess
import threading
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def permitted():
    """Why there can be no such link here; None where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not pathlib.Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    done = subprocess.run(["ip", "netns", "add", "cambium-probe"], capture_output=True)
    if done.returncode != 0:
        return "network namespaces are not permitted"
    subprocess.run(["ip", "netns", "del", "cambium-probe"], check=True)
    return None


class SlowLink:
    """Hosts 0 and 1 at addresses[0] and addresses[1]; `delay` in seconds each way, `rate` in bytes a second."""

    addresses = ("10.77.0.1", "10.77.0.2")

    def __init__(self, delay, rate, mtu=32000):
        self.delay, self.rate, self.cut = delay, rate, False
        self.names = [f"cambium-{os.getpid()}-{host}" for host in range(2)]
        self.tuns = [self.make_host(host, mtu) for host in range(2)]
        self.queues = [collections.deque(), collections.deque()]  # towards host 0, towards host 1
        self.free = [0.0, 0.0]  # when the wire towards a host is next free
        self.carried = 0
        self.running = True
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def make_host(self, host, mtu):
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        name = f"cam{os.getpid() % 100000}-{host}"
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        netns = self.names[host]
        for command in (
            f"ip netns add {netns}",
            f"ip link set {name} netns {netns}",
            f"ip -n {netns} addr add {self.addresses[host]}/24 dev {name}",
            f"ip -n {netns} link set {name} mtu {mtu} up",
            f"ip -n {netns} link set lo up",
        ):
            subprocess.run(command.split(), check=True, capture_output=True)
        return tun

    def inside(self, host):
        """What goes in front of a command that runs there."""
        return ["ip", "netns", "exec", self.names[host]]

    def carry(self):
        while self.running:
            now = time.monotonic()
            due = [queue[0][0] - now for queue in self.queues if queue]
            ready, _, _ = select.select(self.tuns, [], [], max(0.0, min(due + [0.05])))
            now = time.monotonic()
            for tun in ready:
                other = 1 - self.tuns.index(tun)
                packet = os.read(tun, 65536)
                if not self.cut:
                    self.free[other] = max(self.free[other], now) + len(packet) / self.rate
                    self.queues[other].append((self.free[other] + self.delay, packet))
                    self.carried += len(packet)
            for host, queue in enumerate(self.queues):
                while queue and queue[0][0] <= now:
                    packet = queue.popleft()[1]
                    if not self.cut:
                        try:
                            os.write(self.tuns[host], packet)
                        except OSError:
                            pass  # as on a wire: lost

    def close(self):
        self.running = False
        self.thread.join()
        for host in range(2):
            os.close(self.tuns[host])
            subprocess.run(["ip", "netns", "del", self.names[host]], check=False)
