"""Takes descriptors away. usage: crowd.py HOST PORT NAME COUNT PATH

Opens COUNT connections at once, asks for PATH on each unless it is -, and holds them until standard input ends.
"""
import socket
import sys

host, port, name, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
crowd = []
for _ in range(count):
    visitor = socket.create_connection((host, port), 10)
    if path != "-":
        visitor.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    crowd.append(visitor)
print("all here", flush=True)
sys.stdin.read()
