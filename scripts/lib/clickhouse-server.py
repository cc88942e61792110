"""A ClickHouse server process made of the engine library: listens on HTTP and TCP until it is ended by a signal.

usage: python3 clickhouse-server.py LIBRARY DIRECTORY

DIRECTORY holds config.xml. Not here: the configuration, ports and waiting (clickhouse.mjs).
"""

import ctypes
import os
import sys

library_file, directory = sys.argv[1:]
# The query at the end reads a pipe that nobody writes to, which keeps the process alive.
pipe = os.path.join(directory, "pipe")
if not os.path.exists(pipe):
    os.mkfifo(pipe, 0o600)
queries = "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; SELECT * FROM file('%s', 'LineAsString')" % pipe
arguments = [
    "clickhouse-local",
    "--config-file",
    os.path.join(directory, "config.xml"),
    "--path",
    os.path.join(directory, "data"),
    "--logger.level=warning",
    "--query",
    queries,
]
library = ctypes.CDLL(library_file)
library.chdb_query_cmdline.restype = ctypes.c_void_p
library.chdb_result_error.argtypes = [ctypes.c_void_p]
library.chdb_result_error.restype = ctypes.c_char_p
answer = library.chdb_query_cmdline(
    len(arguments), (ctypes.c_char_p * len(arguments))(*[argument.encode() for argument in arguments])
)
error = library.chdb_result_error(answer)
sys.exit(error.decode() if error else 0)
