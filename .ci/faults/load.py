"""A steady load of safe requests, until standard input ends. usage: load.py HOST PORT NAME RATE

Sends RATE requests a second whatever becomes of them, a third of them to /slow, every other one on a connection of its own.
The others reuse connections as browsers do: when one that had served before ends without a byte of a response, the request is
sent once more on a new one. At the end prints a JSON list: [begun, seconds, what] for each request, `what` being "ok" or the
failure; times are of time.monotonic(), which is one for all processes of a machine.
"""
import collections
import http.client
import json
import sys
import threading
import time

LIMIT = 40          # seconds for a request
GONE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ConnectionAbortedError)

host, port, name, rate = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
results = []
idle = collections.deque()


def once(connection, path, keep):
    connection.request("GET", path, headers={"Host": name} | ({} if keep else {"Connection": "close"}))
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        return f"status {response.status}"
    if text != f"hello from {path}\n".encode():
        return "another response"
    if keep and not response.will_close:
        idle.append(connection)
    else:
        connection.close()
    return "ok"


def request(number):
    path, keep = ("/slow" if number % 3 == 0 else "/quick"), number % 2 == 0
    begun = time.monotonic()
    try:
        what = None
        if keep:
            try:
                what = once(idle.pop(), path, keep)
            except (IndexError, *GONE):
                pass
        if what is None:
            what = once(http.client.HTTPConnection(host, port, timeout=LIMIT), path, keep)
    except ConnectionRefusedError:
        what = "refused"
    except Exception as e:  # whatever it is, it is no answer
        what = f"{type(e).__name__}: {e}"
    results.append((begun, time.monotonic() - begun, what))


ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
threads, began, number = [], time.monotonic(), 0
while not ended.wait(max(0.0, began + number / rate - time.monotonic())):
    thread = threading.Thread(target=request, args=(number,))
    thread.start()
    threads = [t for t in threads if t.is_alive()] + [thread]
    number += 1
for thread in threads:
    thread.join()
json.dump(results, sys.stdout)
