package io.loomtunnel.http2;

import static io.loomtunnel.http2.ErrorCode.NO_ERROR;
import static io.loomtunnel.http2.ErrorCode.PROTOCOL_ERROR;
import static io.loomtunnel.http2.ErrorCode.SETTINGS_TIMEOUT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.NoResponseException;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Watchdog;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One HTTP/2 connection in either role (RFC 9113).
///
/// Its parts: [FrameHandler] acts on what is received, [Outbound] sends, [Streams] knows which streams there are, [Pings] what we wait
/// for the peer to answer. This class is the door for those who use it, and its beginning and end.
public final class Http2Connection implements HttpConnection {
    private static final Logger log = System.getLogger(Http2Connection.class.getName());
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1);
    private static final Duration LINGER = Duration.ofSeconds(1);
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    private final Duplex duplex;
    private final ByteReader in;
    private final Http2Config config;
    private final Peer peer;
    private final ExchangeHandler handler;          // null in the client role
    private final boolean turned;                   // the roles were turned round: the server sends the preface
    private final MemoryBudget budget = MemoryBudget.PROCESS;
    private final int initialWindow = budget.initialWindow(ReceiveWindow.START);
    private final Outbound outbound;
    private final Streams streams;
    private final Pings pings;
    private final FrameHandler frames;
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private IOException failure;                    // the last reader's

    private Http2Connection(Duplex duplex, ByteReader in, Http2Config config, Peer peer, ExchangeHandler handler, boolean turned) {
        this.duplex = duplex;
        this.in = in;
        this.config = config;
        this.peer = peer;
        this.handler = handler;
        this.turned = turned;
        outbound = new Outbound(duplex.out(), config.patience().write());
        streams = new Streams(outbound, initialWindow, handler == null, config.firstStreamId(), config.quota());
        pings = new Pings(outbound);
        frames = new FrameHandler(this, in, config, handler);
    }

    /// The client's end of a connection: it sends the preface once [#run] begins.
    /// @param connection is closed when [#run] ends
    /// @param in         what reads it
    /// @param config     what the peer may do
    /// @param peer       who the server is
    /// @return the connection, to be [run][#run]
    public static Http2Connection client(Duplex connection, ByteReader in, Http2Config config, Peer peer) {
        return new Http2Connection(connection, in, config, peer, null, false);
    }

    /// The server's end of a connection, the client's preface still unread.
    /// @param connection is closed when [#run] ends
    /// @param in         what reads it
    /// @param config     what the peer may do
    /// @param peer       who the client is
    /// @param handler    gets every request, each on a virtual thread of its own
    /// @return the connection, to be [run][#run]
    public static Http2Connection server(Duplex connection, ByteReader in, Http2Config config, Peer peer, ExchangeHandler handler) {
        return new Http2Connection(connection, in, config, peer, handler, false);
    }

    /// The client's end of a connection that the server dialled, and began as if it were the client: its preface is still unread. We are
    /// in our role once it has acknowledged our SETTINGS, which [#awaitSettings] waits for as well.
    /// @param connection is closed when [#run] ends
    /// @param in         what reads it
    /// @param config     what the peer may do
    /// @param peer       who the server is
    /// @return the connection, to be [run][#run]
    public static Http2Connection turnedClient(Duplex connection, ByteReader in, Http2Config config, Peer peer) {
        return new Http2Connection(connection, in, config, peer, null, true);
    }

    /// The server's end of a connection that we dialled: we begin as if we were the client, by sending the preface.
    /// @param connection is closed when [#run] ends
    /// @param in         what reads it
    /// @param config     what the peer may do
    /// @param peer       who the client is
    /// @param handler    gets every request, each on a virtual thread of its own
    /// @return the connection, to be [run][#run]
    public static Http2Connection turnedServer(Duplex connection, ByteReader in, Http2Config config, Peer peer, ExchangeHandler handler) {
        return new Http2Connection(connection, in, config, peer, handler, true);
    }

    // ---- for those who use the connection ----------------------------------------------------------------------

    @Override public Transaction send(RequestHead head) throws IOException {
        if (budget.scarce()) throw new NotProcessedException("memory is short");
        if (!head.protocol().isEmpty() && !connectProtocol()) {
            throw new GatewayException(502, "http_upgrade_failed", "The way to the service does not take other protocols.", null);
        }
        streams.reserve();
        return new ClientStream(this, head);
    }

    /// Waits for the peer's first SETTINGS.
    /// @param deadline of the wait
    /// @return false when the connection ended before
    /// @throws IOException the deadline has passed
    public boolean awaitSettings(Deadline deadline) throws IOException {
        return pings.awaitSettings(deadline, turned && handler == null);
    }

    /// One round trip by PING (RFC 9113 §6.7).
    /// @param deadline of the wait
    /// @return how long it took
    /// @throws java.net.SocketTimeoutException the deadline has passed
    /// @throws IOException the connection ended
    public Duration ping(Deadline deadline) throws IOException {
        return pings.ping(deadline);
    }

    /// How long nothing has been received.
    /// @return since the last byte
    public Duration silence() {
        return frames.silence();
    }

    /// Takes no new streams and tells the peer; those that are open go on, and [#run] returns after the last. As the
    /// server it says so twice (RFC 9113 §6.8), so that no request on its way is lost.
    public void drain() {
        if (handler == null) {
            if (streams.announceDrain()) outbound.goAway(0, NO_ERROR);
            streams.endIfIdle();
            return;
        }
        if (!streams.announceDrain()) return;
        outbound.goAway(Integer.MAX_VALUE, NO_ERROR);
        Thread.ofVirtual().start(() -> {
            try {
                pings.ping(Deadline.after(LINGER));
            } catch (IOException e) {
                log.log(Level.DEBUG, "no answer to the PING between two GOAWAYs", e);
            }
            outbound.goAway(streams.refuseNew(), NO_ERROR);
            streams.endIfIdle();
        });
    }

    /// As the client: asks the server to look for another connection; this one goes on until [#drain].
    public void goAway() {
        outbound.goAway(0, NO_ERROR);
    }

    /// Whether [#send] would be taken now.
    /// @return false when the connection is over, draining, or at the peer's stream limit
    public boolean accepting() {
        return streams.accepting() && !budget.scarce();
    }

    /// Whether [#send] will never be taken again, however few streams there are.
    /// @return true when the connection is over, draining, or out of ids
    public boolean spent() {
        return streams.spent();
    }

    /// How many streams of ours the peer allows at once.
    /// @return its MAX_CONCURRENT_STREAMS; no limit until its SETTINGS have arrived
    public int maxStreams() {
        return streams.maxOpen();
    }

    /// Whether the peer takes extended CONNECT (RFC 8441 §3).
    /// @return its ENABLE_CONNECT_PROTOCOL
    public boolean connectProtocol() {
        return streams.connectProtocol();
    }

    /// Whether the connection lives, draining or not.
    /// @return false once it is over
    public boolean isOpen() {
        return !streams.closed();
    }

    /// Has `action` run when the peer sends GOAWAY; at once when it has.
    /// @param action runs on the reader: it must not block
    public void onGoAway(Runnable action) {
        streams.onGoAway(action);
    }

    /// Streams that are open.
    /// @return as the server, those whose handler has not ended
    public int streams() {
        return streams.active();
    }

    /// Bytes that wait to be written.
    /// @return what a new stream would stand behind
    public long queuedBytes() {
        return outbound.queuedBytes();
    }

    /// The newest stream id that we used.
    /// @return 0 before the first
    public int lastStreamId() {
        return streams.lastId();
    }

    /// Abandons the connection and everything on it at once. Never blocks.
    public void close() {
        fail(new IOException("the connection was closed by us"));
    }

    // ---- for the streams ---------------------------------------------------------------------------------------

    Outbound outbound() {
        return outbound;
    }

    MemoryBudget budget() {
        return budget;
    }

    Peer peer() {
        return peer;
    }

    Streams table() {
        return streams;
    }

    Pings pings() {
        return pings;
    }

    Http2Config config() {
        return config;
    }

    long roundTrip() {
        return pings.roundTrip();
    }

    /// Gives a stream of ours its id, under the connection's lock.
    boolean begin(ClientStream stream) {
        return streams.begin(stream);
    }

    void wasReset(Http2Stream stream) {
        streams.remember(stream.id());
    }

    void leave(Http2Stream stream) {
        streams.leave(stream);
    }

    void handled(ServerStream stream) {
        streams.handled(stream);
    }

    /// The connection can't go on, whoever noticed it.
    void fail(IOException why) {
        outbound.fail(why);
        duplex.reset();
    }

    /// The peer let us wait for too long in the midst of something. Called by the watchdog; the reader goes on waiting until the
    /// writer has sent GOAWAY and ended the connection, or until the peer has had its last chance to read that.
    void late(ErrorCode code) {
        outbound.goAway(streams.lastPeerId(), code);
        outbound.finish();
        Watchdog.PROCESS.limit(FAREWELL, this::close);
    }

    // ---- beginning and end -------------------------------------------------------------------------------------

    /// Reads until the connection is over, then closes it. On the calling thread, which is the connection's reader, or waits for the
    /// one that took its place.
    /// @throws IOException the connection failed, or the peer broke the protocol
    public void run() throws IOException {
        read(this::open);
        over.join();
        if (failure != null) throw failure;
    }

    /// Puts another reader in the place of one that is held up.
    void readOn() {
        Thread.ofVirtual().name("loomtunnel-reader").start(() -> read(() -> { }));
    }

    /// What a reader does first.
    @FunctionalInterface
    private interface Opening {
        void run() throws IOException;
    }

    private void open() throws IOException {
        preface();
        Thread.ofVirtual().start(this::write);
        var patience = config.patience().head();
        if (!patience.isZero()) pings.bound(Watchdog.PROCESS.limit(patience, () -> late(SETTINGS_TIMEOUT)));
    }

    private void read(Opening opening) {
        IOException end = new EOFException("the connection ended");
        boolean relieved = false;
        try {
            opening.run();
            relieved = !frames.handleAll();
        } catch (ConnectionException e) {
            end = failure = e;
            outbound.goAway(streams.lastPeerId(), e.code());
            outbound.finish();
            linger();
        } catch (IOException e) {
            end = e;
            if (!streams.ending()) failure = e;
        } finally {
            if (!relieved) end(end);
        }
    }

    private void end(IOException why) {
        frames.release();
        streams.close(stream -> lost(stream, why));
        pings.fail(why);
        outbound.finish();
        outbound.fail(why);
        in.release();
        try {
            duplex.close();
        } catch (IOException e) {
            if (failure == null) failure = e;
        }
        over.complete(null);
    }

    /// What a stream fails with when its connection has ended.
    private static IOException lost(Http2Stream stream, IOException why) {
        if (!(why instanceof ConnectionException broken)) return stream.begun() ? new NoResponseException(why) : why;
        return stream instanceof ClientStream ? new MalformedMessageException(broken.detail()) : why;
    }

    /// The writer thread. A peer that does not close its side after us is not waited for long.
    private void write() {
        if (!outbound.write()) return;
        try {
            duplex.finish();
            over.get(LINGER.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            duplex.reset();
        } catch (IOException | InterruptedException | ExecutionException e) {
            log.log(Level.DEBUG, "could not end our direction", e);
        }
    }

    private void preface() throws IOException {
        byte[] opening = {};
        if ((handler == null) != turned) {
            opening = PREFACE;
        } else {
            in.require(PREFACE.length);
            if (!Arrays.equals(in.array(), in.position(), in.position() + PREFACE.length, PREFACE, 0, PREFACE.length)) {
                throw new ConnectionException(PROTOCOL_ERROR, "no connection preface");
            }
            in.skip(PREFACE.length);
        }
        pings.settingsSent();
        if (handler == null) {
            outbound.preface(opening, Integer.MAX_VALUE - Settings.DEFAULT_WINDOW,
                    Settings.ENABLE_PUSH, 0, Settings.INITIAL_WINDOW_SIZE, initialWindow,
                    Settings.MAX_FRAME_SIZE, config.maxFrameSize(), Settings.MAX_HEADER_LIST_SIZE, config.maxFieldBytes());
        } else {
            outbound.preface(opening, Integer.MAX_VALUE - Settings.DEFAULT_WINDOW,
                    Settings.MAX_CONCURRENT_STREAMS, config.maxStreams(), Settings.INITIAL_WINDOW_SIZE, initialWindow,
                    Settings.MAX_FRAME_SIZE, config.maxFrameSize(), Settings.MAX_HEADER_LIST_SIZE, config.maxFieldBytes(),
                    Settings.ENABLE_CONNECT_PROTOCOL, config.connect() ? 1 : 0);
        }
    }

    /// Lets the peer read our GOAWAY: closing with unread bytes would destroy it.
    private void linger() {
        var deadline = Deadline.after(LINGER);
        try {
            while (!deadline.passed()) {
                duplex.readTimeout(deadline.left());
                if (in.available() > 0) in.skip(in.available());
                else if (!in.fill()) return;
            }
        } catch (IOException e) {
            log.log(Level.DEBUG, "closed while lingering", e);
        }
    }
}
