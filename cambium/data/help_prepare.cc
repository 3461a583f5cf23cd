#include "cambium/data/help_prepare.h"

#include <chrono>
#include <thread>

#include "cambium/base/error.h"
#include "cambium/base/signals.h"

namespace cambium::data {
namespace {

/// Of what rank 0 has not taken: enough that it need not wait while this rank encodes the next.
constexpr int64_t kBytesWaiting = int64_t{4} << 20;

void hand_over(const EncodedBatch& batch, PrepareTeam& team) {
  const std::string packed = pack(batch);
  for (int64_t waiting; (waiting = team.untaken()) > 0 && waiting + std::ssize(packed) > kBytesWaiting;) {
    StopRequest::throw_if_asked();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  team.hand_over(packed);
}

void encode_turns(const BatchEncoder& encoder, DocumentReader& reader, int threads_wanted, PrepareTeam& team) {
  EncodingThreads threads(encoder, threads_wanted);
  PrepareTurns turns(team);
  for (DocumentBatch batch; reader.next(batch);) {
    StopRequest::throw_if_asked();
    if (turns.next() != team.rank()) continue;
    while (!threads.has_room(batch.bytes)) hand_over(threads.next(), team);
    threads.submit(std::move(batch));
    while (threads.next_is_ready()) hand_over(threads.next(), team);
  }
  while (!threads.empty()) hand_over(threads.next(), team);
}

}  // namespace

void help_prepare(const BatchEncoder& encoder, const std::vector<InputFile>& files, const TextTemplate& text,
                  const InputPosition& from, int threads, PrepareTeam& team) {
  try {
    DocumentReader reader(files, text, from);
    encode_turns(encoder, reader, threads, team);
  } catch (const InvalidInput& error) {
    team.hand_over(pack_failure(error.exit_code(), error.what()));
  } catch (const Stopped& error) {
    team.hand_over(pack_failure(error.exit_code(), error.what()));
  }
}

}  // namespace cambium::data
