"""Reads /events of origin.py through the tunnel. usage: events.py URL HOST

Each event carries the time at which it was sent; fails if one took 50 ms or longer to arrive here.
"""
import sys
import time
import urllib.request

request = urllib.request.Request(sys.argv[1], headers={"Host": sys.argv[2]})
count = 0
with urllib.request.urlopen(request, timeout=10) as response:
    for line in response:
        if line.startswith(b"data: "):
            late = time.time() - float(line[6:])
            count += 1
            print(f"event {count} after {late * 1000:.1f} ms")
            if late >= 0.05:
                sys.exit("too late")
if count != 3:
    sys.exit(f"{count} events instead of 3")
