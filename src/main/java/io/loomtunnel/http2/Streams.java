package io.loomtunnel.http2;

import io.loomtunnel.http.NotProcessedException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/// The streams of one connection: which there are, which there may still be, and what each may be sent to begin with.
/// Ids and limits of our own streams change under the connection's lock, those of the peer's by its reader alone.
final class Streams {
    private static final Logger log = System.getLogger(Streams.class.getName());
    private static final Runnable GONE = () -> { };

    private final Outbound outbound;
    private final ReentrantLock lock;                       // the connection's
    private final int initialWindow;                        // what our SETTINGS promise each stream
    private final boolean client;
    private final StreamQuota quota;                        // null: this connection's limits are all there are
    private final ConcurrentHashMap<Integer, Http2Stream> table = new ConcurrentHashMap<>();
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicReference<Runnable> onGoAway = new AtomicReference<>();
    private final int[] resets = new int[256];              // ids of streams that we reset lately: frames for them are late
    private volatile int resetCount;

    private volatile int nextId;
    private volatile int lastId;
    private volatile int maxOpen = Integer.MAX_VALUE;       // the peer's MAX_CONCURRENT_STREAMS
    private volatile boolean connectProtocol;               // the peer's ENABLE_CONNECT_PROTOCOL
    private volatile int lastPeerId;
    private volatile int refuseAbove = Integer.MAX_VALUE;
    private volatile boolean draining;
    private volatile boolean goneAway;
    private volatile boolean closed;

    Streams(Outbound outbound, int initialWindow, boolean client, int firstId, StreamQuota quota) {
        this.outbound = outbound;
        this.lock = outbound.lock;
        this.initialWindow = initialWindow;
        this.client = client;
        this.quota = quota;
        nextId = firstId;
    }

    Http2Stream get(int id) {
        return table.get(id);
    }

    Collection<Http2Stream> all() {
        return table.values();
    }

    int active() {
        return active.get();
    }

    int lastId() {
        return lastId;
    }

    /// The newest of the peer's streams that we serve: what a GOAWAY names. It never rises again (RFC 9113 §6.8).
    int lastPeerId() {
        return Math.min(lastPeerId, refuseAbove);
    }

    boolean closed() {
        return closed;
    }

    /// Whether no more streams will come, so that the connection ends with its last one.
    boolean ending() {
        return draining || goneAway && client;
    }

    // ---- our own streams ---------------------------------------------------------------------------------------

    boolean accepting() {
        return !spent() && active.get() < maxOpen && (quota == null || !quota.full());
    }

    /// Whether no stream of ours will be taken any more, however few there are.
    boolean spent() {
        return closed || draining || goneAway || nextId < 0;
    }

    int maxOpen() {
        return maxOpen;
    }

    boolean connectProtocol() {
        return connectProtocol;
    }

    /// Counts a stream of ours that is about to begin.
    void reserve() throws NotProcessedException {
        if (active.incrementAndGet() > maxOpen || closed || draining || goneAway) {
            active.decrementAndGet();
            throw new NotProcessedException(closed ? "the connection is over" : ending() ? "the connection is draining" : "too many streams");
        }
        if (quota == null || quota.take()) return;
        active.decrementAndGet();
        throw new NotProcessedException("too many streams");
    }

    /// Gives the stream its id and enters it. The connection's lock is held: ids rise in the order of the wire.
    boolean begin(ClientStream stream) {
        if (closed || goneAway || nextId < 0) {
            stream.refused(new NotProcessedException("the connection takes no more streams"));
            return false;
        }
        int id = nextId;
        nextId += 2;
        lastId = id;
        stream.id(id);
        enter(stream);
        return true;
    }

    void peerLimits() {
        lock.lock();
        try {
            maxOpen = outbound.peer.maxConcurrentStreams;
            connectProtocol = outbound.peer.connectProtocol;
        } finally {
            lock.unlock();
        }
    }

    /// The peer will answer no stream of ours above `last`.
    void goneAway(int last) {
        lock.lock();
        try {
            goneAway = true;       // what begins at this moment is either refused or found below
        } finally {
            lock.unlock();
        }
        if (client) {
            for (var stream : table.values()) {
                if (stream.id() > last) stream.lost(new NotProcessedException("above the last stream of GOAWAY"));
            }
            endIfIdle();
        }
        var action = onGoAway.getAndSet(GONE);
        if (action != null) action.run();
    }

    void onGoAway(Runnable action) {
        if (!onGoAway.compareAndSet(null, action)) action.run();
    }

    // ---- the peer's streams ------------------------------------------------------------------------------------

    boolean isNew(int id) {
        return (id & 1) == 1 && id > lastPeerId;
    }

    /// Notes a new stream of the peer's.
    /// @return false when it is above the last one that our GOAWAY named
    boolean arrived(int id) {
        lock.lock();            // against refuseNew: what a GOAWAY leaves out is not served
        try {
            lastPeerId = id;
            return id <= refuseAbove;
        } finally {
            lock.unlock();
        }
    }

    void open(ServerStream stream) {
        active.incrementAndGet();
        lock.lock();
        try {
            enter(stream);
        } finally {
            lock.unlock();
        }
    }

    /// The stream's handler has ended: only now its place is free.
    void handled(ServerStream stream) {
        active.decrementAndGet();
        left();
    }

    /// Whether a stream of this id was never opened.
    boolean idle(int id) {
        boolean ours = client == ((id & 1) == 1);
        return ours ? client ? id > lastId : true : client ? true : id > lastPeerId;
    }

    /// Whether a stream of the peer's is above the last one that our GOAWAY named: what comes for it is discarded.
    boolean ignored(int id) {
        return id > refuseAbove;
    }

    /// @return true the first time
    boolean announceDrain() {
        lock.lock();
        try {
            if (draining) return false;
            draining = true;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// From now on new streams of the peer's are ignored.
    /// @return the last one that is served
    int refuseNew() {
        lock.lock();
        try {
            refuseAbove = lastPeerId;
            return refuseAbove;
        } finally {
            lock.unlock();
        }
    }

    // ---- all streams -------------------------------------------------------------------------------------------

    private void enter(Http2Stream stream) {
        stream.sink().window = outbound.peer.initialWindowSize;
        table.put(stream.id(), stream);
        int more = stream.inbound().open(initialWindow);
        if (more > 0) outbound.credit(stream, more);
    }

    /// The stream is over on both sides.
    void leave(Http2Stream stream) {
        if (stream.begun() && table.remove(stream.id()) != null) stream.inbound().promiseNothing();
        if (stream instanceof ClientStream) {
            active.decrementAndGet();
            if (quota != null) quota.giveBack();
            left();
        }
    }

    private void left() {
        if (active.get() == 0) {
            outbound.idle();
            endIfIdle();
        }
    }

    /// Lets the connection end when it takes no more streams and has none.
    void endIfIdle() {
        boolean over = client ? ending() : draining && refuseAbove != Integer.MAX_VALUE;
        if (over && active.get() == 0) outbound.finish();
    }

    /// Remembers a stream that we reset, whose peer may go on for a round trip.
    void remember(int id) {
        lock.lock();
        try {
            resets[resetCount++ & resets.length - 1] = id;
        } finally {
            lock.unlock();
        }
    }

    boolean remembered(int id) {
        lock.lock();
        try {
            for (int reset : resets) if (reset == id) return true;
            return false;
        } finally {
            lock.unlock();
        }
    }

    /// Memory is out: whoever held most for longest gives it back.
    void relieve() {
        long now = System.nanoTime();
        Http2Stream heaviest = null;
        double most = 0;
        for (var stream : table.values()) {
            double burden = stream.inbound().burden(now);
            if (burden > most) {
                most = burden;
                heaviest = stream;
            }
        }
        if (heaviest == null) return;
        log.log(Level.WARNING, "out of memory budget: reset the stream that held most for longest");
        heaviest.abort(ErrorCode.ENHANCE_YOUR_CALM, new StreamException(heaviest.id(), ErrorCode.ENHANCE_YOUR_CALM, "memory is out"));
    }

    void close(Function<Http2Stream, IOException> why) {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        for (var stream : table.values()) stream.lost(why.apply(stream));
        var action = onGoAway.getAndSet(GONE);
        if (action != null) action.run();
    }
}
