"""A line between client and server that can be slow or stall. usage: relay.py LISTEN_HOST PORT TARGET_HOST TARGET_PORT

Reads commands, one a line: `delay SECONDS` for each direction from now on, `cut` (nothing passes, nobody is told, nobody new is
accepted), `mend`. Ends with standard input.
"""
import asyncio
import sys

delay = 0.0
passing = asyncio.Event()


async def pump(reader, writer):
    loop = asyncio.get_running_loop()
    pieces = asyncio.Queue()

    async def send():
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await passing.wait()
            if piece:
                writer.write(piece)
                await writer.drain()
            else:
                if writer.can_write_eof():
                    writer.write_eof()
                return

    sending = asyncio.create_task(send())
    try:
        while True:
            await passing.wait()
            piece = await reader.read(65536)
            pieces.put_nowait((loop.time() + delay, piece))
            if not piece:
                break
        await sending
    except OSError:
        sending.cancel()
        writer.transport.abort()


async def serve(reader, writer):
    await passing.wait()
    try:
        far_reader, far_writer = await asyncio.open_connection(sys.argv[3], int(sys.argv[4]))
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)
    writer.close()
    far_writer.close()


async def main():
    global delay
    passing.set()
    await asyncio.start_server(serve, sys.argv[1], int(sys.argv[2]), backlog=100)
    print("relay is listening", flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := (await commands.readline()).split():
        match line:
            case [b"delay", seconds]:
                delay = float(seconds)
            case [b"cut"]:
                passing.clear()
            case [b"mend"]:
                passing.set()
        print("done", flush=True)


asyncio.run(main())
