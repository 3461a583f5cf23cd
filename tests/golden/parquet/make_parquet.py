"""Writes the small Parquet files beside this script (pyarrow 26)."""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent


def main():
    texts = [None if i % 7 == 3 else f"document {i}: " + "text " * (i % 11) for i in range(100)]
    titles = ["Ants" if i % 2 else "Bées" for i in range(100)]
    table = pa.table({
        "text": pa.array(texts, pa.string()),
        "title": pa.array(titles).dictionary_encode(),
        "score": pa.array(range(100), pa.int64()),
        "large": pa.array([f"large {i}" for i in range(100)], pa.large_string()),
        "meta": pa.array([{"url": f"https://example.org/{i}"} if i % 5 else None for i in range(100)],
                         pa.struct([("url", pa.string())])),
        "words": pa.array([["a", "b"]] * 100, pa.list_(pa.string())),
    })
    pq.write_table(table, HERE / "documents.parquet", row_group_size=30, compression="zstd", data_page_size=512,
                   write_page_checksum=True, store_schema=False)
    pq.write_table(table.select(["text"]), HERE / "plain.parquet", row_group_size=50, compression="none",
                   use_dictionary=False, write_page_checksum=True, store_schema=False)


main()
