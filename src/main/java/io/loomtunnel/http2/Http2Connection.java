package io.loomtunnel.http2;

import static io.loomtunnel.http2.ErrorCode.FLOW_CONTROL_ERROR;
import static io.loomtunnel.http2.ErrorCode.NO_ERROR;
import static io.loomtunnel.http2.ErrorCode.PROTOCOL_ERROR;
import static io.loomtunnel.http2.ErrorCode.REFUSED_STREAM;
import static io.loomtunnel.http2.ErrorCode.STREAM_CLOSED;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.NoResponseException;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// One HTTP/2 connection in either role (RFC 9113): the loop that reads it, and the door for those who use it.
///
/// [#run] is the reader. It never waits for a stream, never writes and never runs a handler: content goes into the
/// stream's bounded buffer, answers are queued for [Outbound], a request gets a virtual thread of its own. A field block is
/// decoded even when nobody wants it, because HPACK's state is the connection's.
public final class Http2Connection implements HttpConnection {
    private static final Logger log = System.getLogger(Http2Connection.class.getName());
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1);
    private static final int TOP_UP = 1 << 30;      // stream 0 is given more once so little is left: the bound is the streams'
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final Duplex duplex;
    private final ByteReader in;
    private final Http2Config config;
    private final Peer peer;
    private final ExchangeHandler handler;          // null in the client role
    private final MemoryBudget budget = MemoryBudget.PROCESS;
    private final int initialWindow = budget.initialWindow(ReceiveWindow.START);
    private final Outbound outbound;
    private final FrameReader frames;
    private final HeadDecoder heads;
    private final Streams streams;
    private final FloodGuard guard;
    private final Pings pings;
    private final CountDownLatch over = new CountDownLatch(1);
    private long connectionWindow = Integer.MAX_VALUE;
    private volatile long lastByte = System.nanoTime();

    private Http2Connection(Duplex duplex, ByteReader in, Http2Config config, Peer peer, ExchangeHandler handler) {
        this.duplex = duplex;
        this.in = in;
        this.config = config;
        this.peer = peer;
        this.handler = handler;
        outbound = new Outbound(duplex.out());
        frames = new FrameReader(in, config.maxFrameSize(), config.maxFieldBytes() * 2);
        heads = new HeadDecoder(config.maxFieldBytes(), config.maxFields());
        streams = new Streams(outbound, initialWindow, handler == null, config.firstStreamId());
        guard = new FloodGuard(config.guarded());
        pings = new Pings(outbound);
    }

    /// The client's end of a connection: it sends the preface once [#run] begins.
    /// @param connection is closed when [#run] ends
    /// @param in         what reads it
    /// @param config     what the peer may do
    /// @param peer       who the server is
    /// @return the connection, to be [run][#run]
    public static Http2Connection client(Duplex connection, ByteReader in, Http2Config config, Peer peer) {
        return new Http2Connection(connection, in, config, peer, null);
    }

    /// The server's end of a connection, the client's preface still unread.
    /// @param connection is closed when [#run] ends
    /// @param in         what reads it
    /// @param config     what the peer may do
    /// @param peer       who the client is
    /// @param handler    gets every request, each on a virtual thread of its own
    /// @return the connection, to be [run][#run]
    public static Http2Connection server(Duplex connection, ByteReader in, Http2Config config, Peer peer, ExchangeHandler handler) {
        return new Http2Connection(connection, in, config, peer, handler);
    }

    // ---- for those who use the connection ----------------------------------------------------------------------

    @Override public Transaction send(RequestHead head) throws IOException {
        if (budget.scarce()) throw new NotProcessedException("memory is short");
        streams.reserve();
        return new ClientStream(this, head);
    }

    /// Waits for the peer's first SETTINGS.
    /// @param deadline of the wait
    /// @return false when the connection ended before
    /// @throws IOException the deadline has passed
    public boolean awaitSettings(Deadline deadline) throws IOException {
        return pings.awaitSettings(deadline);
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
        return Duration.ofNanos(Math.max(0, System.nanoTime() - lastByte));
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

    // ---- the reader --------------------------------------------------------------------------------------------

    /// Reads until the connection is over, then closes it. On the calling thread, which is the connection's reader.
    /// @throws IOException the connection failed, or the peer broke the protocol
    public void run() throws IOException {
        IOException end = new EOFException("the connection ended");
        var writer = Thread.ofVirtual().unstarted(this::write);
        try {
            preface();
            writer.start();
            for (Frame frame; (frame = next()) != null; ) handle(frame);
        } catch (ConnectionException e) {
            end = e;
            outbound.goAway(streams.lastPeerId(), e.code());
            outbound.finish();
            linger();
            throw e;
        } catch (IOException e) {
            end = e;
            if (!streams.ending()) throw e;
        } finally {
            var why = end;
            streams.close(stream -> why instanceof ConnectionException || !stream.begun() ? why : new NoResponseException(why));
            pings.fail(why);
            outbound.finish();
            outbound.fail(why);
            over.countDown();
            in.release();
            duplex.close();
        }
    }

    /// The writer thread. A peer that does not close its side after us is not waited for long.
    private void write() {
        if (!outbound.write()) return;
        try {
            duplex.finish();
            if (!over.await(LINGER.toNanos(), TimeUnit.NANOSECONDS)) duplex.reset();
        } catch (IOException | InterruptedException e) {
            log.log(Level.DEBUG, "could not end our direction", e);
        }
    }

    private void preface() throws IOException {
        byte[] opening = {};
        if (handler == null) {
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

    /// The next frame; a malformed one that concerns a single stream resets that stream.
    private Frame next() throws IOException {
        while (true) {
            try {
                if (streams.active() == 0) frames.rest();
                var frame = frames.next();
                lastByte = System.nanoTime();
                if (pings.firstFrame() && !(frame instanceof Frame.Settings)) {
                    if (frame == null) return null;
                    throw new ConnectionException(PROTOCOL_ERROR, "the first frame is not SETTINGS");
                }
                return frame;
            } catch (StreamException e) {
                resetStream(e);
            }
        }
    }

    private void handle(Frame frame) throws IOException {
        try {
            switch (frame) {
                case Frame.Data data -> data(data);
                case Frame.Headers headers -> headers(headers);
                case Frame.WindowUpdate(var id, var increment) -> windowUpdate(id, increment);
                case Frame.RstStream(var id, var code) -> rstStream(id, code);
                case Frame.Settings settings -> settings(settings);
                case Frame.SettingsAck() -> pings.settingsAcknowledged();
                case Frame.Ping(var ack, var data) -> {
                    guard.count(FloodGuard.Kind.PING);
                    if (ack) pings.answered(data);
                    else outbound.ping(Frame.ACK, data);
                }
                case Frame.GoAway(var last, var code) -> {
                    if (code != NO_ERROR) log.log(Level.DEBUG, "GOAWAY {0}, last stream {1}", code, last);
                    streams.goneAway(last);
                }
                case Frame.Priority(var id, var dependency) -> {
                    guard.count(FloodGuard.Kind.PRIORITY);
                    if (dependency == id) throw new StreamException(id, PROTOCOL_ERROR, "a stream that depends on itself");
                }
                case Frame.Unknown _ -> guard.count(FloodGuard.Kind.UNKNOWN);
            }
        } catch (StreamException e) {
            resetStream(e);
        }
    }

    private void resetStream(StreamException e) throws IOException {
        log.log(Level.DEBUG, "reset", e);
        guard.count(FloodGuard.Kind.RESET);          // those that a peer makes us send count like its own (CVE-2025-8671)
        var stream = streams.get(e.id());
        if (stream != null) {
            stream.abort(e.code(), e);
        } else {
            if (streams.idle(e.id()) && handler == null) throw new ConnectionException(e.code(), e.getMessage());
            outbound.refuse(e.id(), e.code());
            streams.remember(e.id());
        }
    }

    private void data(Frame.Data frame) throws IOException {
        int id = frame.streamId();
        connectionWindow -= frame.flow();
        if (connectionWindow < 0) throw new ConnectionException(FLOW_CONTROL_ERROR, "more than the connection's window");
        if (connectionWindow < TOP_UP) {
            outbound.creditConnection((int) (Integer.MAX_VALUE - connectionWindow));
            connectionWindow = Integer.MAX_VALUE;
        }
        if (frame.length() == 0 && !frame.endStream()) guard.count(FloodGuard.Kind.EMPTY_FRAME);
        var stream = streams.get(id);
        int unread = frame.length() + frame.padding();
        try {
            if (stream == null) {
                unknown(id, "DATA");
                return;
            }
            if (!stream.remoteOpen()) throw new StreamException(id, STREAM_CLOSED, "DATA behind the end");
            if (stream instanceof ClientStream client && !client.answered()) throw new StreamException(id, PROTOCOL_ERROR, "DATA before HEADERS");
            stream.inbound().receive(in, frame.length(), frame.flow());
            unread = frame.padding();
            if (budget.exhausted()) streams.relieve();
        } finally {
            discard(unread);
        }
        if (frame.endStream()) stream.endReceived(null);
    }

    private void discard(int bytes) throws IOException {
        while (bytes > 0) {
            if (in.available() == 0 && !in.fill()) throw new EOFException("the stream ended inside a frame");
            int n = Math.min(bytes, in.available());
            in.skip(n);
            bytes -= n;
        }
    }

    private void headers(Frame.Headers frame) throws IOException {
        int id = frame.streamId();
        var stream = streams.get(id);
        if (stream == null && handler != null && streams.isNew(id)) {
            request(frame);
            return;
        }
        if (stream == null) {
            heads.skip(frame);
            unknown(id, "HEADERS");
            return;
        }
        if (frame.dependency() == id) {
            heads.skip(frame);
            throw new StreamException(id, PROTOCOL_ERROR, "a stream that depends on itself");
        }
        if (!stream.remoteOpen()) {
            heads.skip(frame);
            throw new StreamException(id, STREAM_CLOSED, "HEADERS behind the end");
        }
        try {
            switch (stream) {
                case ClientStream client -> client.headers(frame, heads);
                case ServerStream server -> server.trailers(frame, heads);
                default -> throw new IllegalStateException();
            }
        } catch (MalformedMessageException e) {
            throw new StreamException(id, ErrorCode.ENHANCE_YOUR_CALM, e.getMessage());
        }
    }

    /// A request: the first field block on a new stream of the peer's.
    private void request(Frame.Headers frame) throws IOException {
        int id = frame.streamId();
        boolean refused = !streams.arrived(id);
        RequestHead head;
        var with = handler;
        try {
            head = heads.request(frame);
        } catch (MalformedMessageException e) {
            head = new RequestHead("GET", "http", "", "/", new Fields());
            with = _ -> {
                throw e;
            };
        }
        if (refused) return;                         // above the id of our last GOAWAY: sent again elsewhere
        if (frame.dependency() == id) throw new StreamException(id, PROTOCOL_ERROR, "a stream that depends on itself");
        if (frame.endStream() && HeadFields.contentLength(head.fields()) > 0) {
            throw new StreamException(id, PROTOCOL_ERROR, "no content although a content-length says so");
        }
        if (streams.active() >= config.maxStreams() || budget.scarce()) {
            throw new StreamException(id, REFUSED_STREAM, "too many streams");
        }
        var stream = new ServerStream(this, id, head, frame.endStream(), with);
        streams.open(stream);
        if (frame.endStream()) stream.endReceived(null);
        Thread.ofVirtual().start(stream);
    }

    private void windowUpdate(int id, int increment) throws IOException {
        guard.count(FloodGuard.Kind.WINDOW_UPDATE);
        if (id == 0) {
            if (increment == 0) throw new ConnectionException(PROTOCOL_ERROR, "WINDOW_UPDATE by 0");
            if (!outbound.widen(increment, streams.all())) throw new ConnectionException(FLOW_CONTROL_ERROR, "a window above 2^31-1");
            return;
        }
        var stream = streams.get(id);
        if (stream == null) {
            if (streams.idle(id)) throw new ConnectionException(PROTOCOL_ERROR, "WINDOW_UPDATE on an idle stream");
            return;
        }
        if (increment == 0) throw new StreamException(id, PROTOCOL_ERROR, "WINDOW_UPDATE by 0");
        if (!outbound.widen(stream.sink(), increment)) throw new StreamException(id, FLOW_CONTROL_ERROR, "a window above 2^31-1");
    }

    private void rstStream(int id, ErrorCode code) throws IOException {
        if (handler != null) guard.count(FloodGuard.Kind.RESET);
        var stream = streams.get(id);
        if (stream == null) {
            if (streams.idle(id)) throw new ConnectionException(PROTOCOL_ERROR, "RST_STREAM on an idle stream");
            return;
        }
        stream.lost(code == REFUSED_STREAM && handler == null
                ? new NotProcessedException("the peer refused the stream")
                : new StreamException(id, code, "reset by the peer"));
    }

    private void settings(Frame.Settings frame) throws IOException {
        guard.count(FloodGuard.Kind.SETTINGS);
        outbound.apply(frame, handler == null, streams.all());
        streams.peerLimits();
        pings.settingsArrived();
    }

    /// A frame for a stream that we don't have: late for one that we reset, or an error (RFC 9113 §5.1).
    private void unknown(int id, String what) throws IOException {
        if (streams.idle(id)) throw new ConnectionException(PROTOCOL_ERROR, what + " on an idle stream");
        if (streams.remembered(id)) return;
        if (config.guarded()) throw new ConnectionException(STREAM_CLOSED, what + " on a closed stream");
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
