package io.loomtunnel.bytes;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// A stream's bytes through one array that parsers look into directly. The array starts small, since most connections
/// only ever carry a few heads; it grows in steps of eight while whole arrays arrive at once, and falls back when it has run
/// empty and the next bytes may be long in coming.
///
/// Not safe for use by two threads at once; a hand-over from one thread to another needs a happens-before edge. Only [#release] may come
/// while another thread still reads: the one whose read ends with the connection.
public final class ByteReader {
    /// The array's size at rest: one ordinary request head.
    public static final int SMALL = 2 * 1024;
    /// The most that bulk makes it grow to; a head may need more and gets it through [#require].
    public static final int LARGE = 64 * 1024;

    private static final int RELEASED = -1;
    private static final int STEP = 8;          // twice takes a system call for each doubling, and passes on as many small pieces

    private final InputStream in;
    private final MemoryBudget budget;
    private final boolean guarded;
    private final AtomicInteger charged = new AtomicInteger();      // bytes above SMALL, or RELEASED
    private byte[] array = new byte[SMALL];
    private int position;
    private int limit;
    private boolean filled;             // the last read filled the whole array: more is probably waiting
    private boolean ended;

    /// @param in is read, never closed
    /// @param budget what a larger array is charged to; once half of it is used the array stays small
    public ByteReader(InputStream in, MemoryBudget budget) {
        this(in, budget, false);
    }

    private ByteReader(InputStream in, MemoryBudget budget, boolean guarded) {
        this.in = in;
        this.budget = budget;
        this.guarded = guarded;
    }

    /// One whose array does not grow for a head either once half of the budget is used: visitors who send long heads and never end
    /// them get no further than that, and short requests are served meanwhile.
    public static ByteReader guarded(InputStream in, MemoryBudget budget) {
        return new ByteReader(in, budget, true);
    }

    /// Whether nothing must grow for a head now.
    public boolean stinted() {
        return guarded && budget.strained();
    }

    /// Whether the array is full and must not grow.
    public boolean starved() {
        return available() == array.length && stinted();
    }

    /// What it is charged to.
    public MemoryBudget budget() {
        return budget;
    }

    /// Bytes read from the stream and not consumed yet.
    public int available() {
        return limit - position;
    }

    /// What a read could return without waiting, those that the stream holds included.
    public int availableAll() throws IOException {
        return available() + (ended ? 0 : in.available());
    }

    /// Whether the next [#fill] would not wait, as far as the stream can tell. It is asked only where the last read left nothing
    /// free, which makes that likely: else the answer is not worth a system call.
    public boolean more() throws IOException {
        return filled && !ended && in.available() > 0;
    }

    /// The array that holds the unread bytes from [#position] on; every [#fill] may move or replace it.
    public byte[] array() {
        return array;
    }

    public int position() {
        return position;
    }

    /// Consumes `bytes` that are available.
    public void skip(int bytes) {
        if (bytes < 0 || bytes > limit - position) throw new IndexOutOfBoundsException(bytes);
        position += bytes;
    }

    /// Reads more bytes behind the unread ones: waits for at least one.
    /// @return false at the end of the stream
    public boolean fill() throws IOException {
        if (ended) return false;
        makeRoom();
        int n = in.read(array, limit, array.length - limit);
        if (n < 0) {
            ended = true;
            return false;
        }
        filled = n == array.length - limit;
        limit += n;
        return true;
    }

    /// Waits until `bytes` are available.
    /// @throws EOFException the stream ended before
    public void require(int bytes) throws IOException {
        while (available() < bytes) {
            if (bytes > array.length && stinted()) throw new IOException("memory is short");
            if (bytes > array.length) resize(Integer.highestOneBit(bytes - 1) << 1);
            if (!fill()) throw new EOFException("the stream ended inside a message");
        }
    }

    /// The next byte.
    /// @throws EOFException at the end of the stream
    public int read() throws IOException {
        if (position == limit && !fill()) throw new EOFException("the stream ended inside a message");
        return array[position++] & 0xff;
    }

    /// Up to `length` bytes into `target`: what is there, or, when nothing is, one read of the stream, straight into
    /// `target` when that is the larger array.
    /// @return -1 at the end of the stream
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) return 0;
        if (position == limit) {
            if (ended) return -1;
            if (length >= array.length) {
                int n = in.read(target, offset, length);
                ended = n < 0;
                return n;
            }
            if (!fill()) return -1;
        }
        int n = Math.min(length, limit - position);
        System.arraycopy(array, position, target, offset, n);
        position += n;
        return n;
    }

    /// Exactly `length` bytes.
    /// @throws EOFException the stream ended before
    public void readFully(byte[] target, int offset, int length) throws IOException {
        for (int done = 0; done < length; ) {
            int n = read(target, offset + done, length - done);
            if (n < 0) throw new EOFException("the stream ended inside a message");
            done += n;
        }
    }

    /// Gives a grown array back while nothing is in it: before a wait that may be long.
    public void rest() {
        if (position == limit && array.length > SMALL) resize(SMALL);
    }

    /// Gives back what was charged to the budget; the reader is not used afterwards, and finds the end if it is.
    public void release() {
        ended = true;
        int last = charged.getAndSet(RELEASED);
        if (last > 0) budget.charge(-last);
    }

    private void makeRoom() throws IOException {
        if (position == limit) {
            position = limit = 0;
            if (filled && array.length < LARGE && !budget.strained()) resize(Math.min(array.length * STEP, LARGE));
        } else if (limit == array.length) {
            if (position > 0) {
                System.arraycopy(array, position, array, 0, limit - position);
                limit -= position;
                position = 0;
            } else {
                if (starved()) throw new IOException("memory is short");
                resize(array.length * 2);
            }
        }
    }

    private void resize(int size) {
        charge(size - SMALL);
        if (position == limit) {
            array = new byte[size];
            position = limit = 0;
        } else {
            array = Arrays.copyOf(array, size);
        }
        filled = false;
    }

    private void charge(int bytes) {
        int before = charged.get();
        if (before == RELEASED) return;
        budget.charge(bytes - before);
        if (!charged.compareAndSet(before, bytes)) budget.charge(before - bytes);      // released meanwhile
    }
}
