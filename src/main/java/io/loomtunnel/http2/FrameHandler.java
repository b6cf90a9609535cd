package io.loomtunnel.http2;

import static io.loomtunnel.http2.ErrorCode.FLOW_CONTROL_ERROR;
import static io.loomtunnel.http2.ErrorCode.NO_ERROR;
import static io.loomtunnel.http2.ErrorCode.PROTOCOL_ERROR;
import static io.loomtunnel.http2.ErrorCode.REFUSED_STREAM;
import static io.loomtunnel.http2.ErrorCode.STREAM_CLOSED;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.CancelledException;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.RequestHead;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/// Acts on what a connection receives, on its reader's thread. That one never waits for a stream, never writes and never runs a
/// handler: content goes into the stream's bounded buffer, answers are queued for [Outbound], a request gets a virtual
/// thread of its own. A field block is decoded even when nobody wants it, because HPACK's state is the connection's.
final class FrameHandler {
    private static final Logger log = System.getLogger(FrameHandler.class.getName());
    private static final int TOP_UP = 1 << 30;      // stream 0 is given more once so little is left: the bound is the streams'

    private static final int LEAST_UPDATE = 1024;   // a smaller one is no reader's who is fast

    private final Http2Connection connection;
    private final ByteReader in;
    private final Http2Config config;
    private final ExchangeHandler handler;          // null in the client role
    private final MemoryBudget budget;
    private final Outbound outbound;
    private final Streams streams;
    private final Pings pings;
    private final FrameReader frames;
    private final HeadDecoder heads;
    private final FloodGuard guard;
    private final Shortcut shortcut;
    private long connectionWindow = Integer.MAX_VALUE;
    private boolean calm = true;                    // a tunnel that was busy may be so at once again; a PING comes when it is not
    private long windowReturned;                    // by updates that were no flood
    private volatile long lastByte = System.nanoTime();

    FrameHandler(Http2Connection connection, ByteReader in, Http2Config config, ExchangeHandler handler) {
        this.connection = connection;
        this.in = in;
        this.config = config;
        this.handler = handler;
        budget = connection.budget();
        outbound = connection.outbound();
        streams = connection.table();
        pings = connection.pings();
        frames = new FrameReader(in, config.maxFrameSize(), config.maxFieldBytes() * 2);
        frames.bound(config.patience().head(), () -> connection.late(ErrorCode.ENHANCE_YOUR_CALM));
        heads = new HeadDecoder(config.maxFieldBytes(), config.maxFields(), config.guarded());
        guard = new FloodGuard(config.guarded());
        shortcut = new Shortcut(connection::readOn);
    }

    /// How long nothing has been received.
    Duration silence() {
        return Duration.ofNanos(Math.max(0, System.nanoTime() - lastByte));
    }

    /// Reads and acts, until the peer ends the connection.
    /// @return false when another thread has taken the reader's place: nothing here may be touched any more
    boolean handleAll() throws IOException {
        for (Frame frame; (frame = next()) != null; ) {
            handle(frame);
            calm = config.guarded() || frame instanceof Frame.Ping;
            if (!shortcut.deliver()) return false;
        }
        return true;
    }

    /// Nothing is read any more.
    void release() {
        shortcut.close();
        frames.release();
    }

    /// The next frame; a malformed one that concerns a single stream resets that stream.
    private Frame next() throws IOException {
        while (true) {
            try {
                if (calm && streams.active() == 0) frames.rest();
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
                case Frame.SettingsAck() -> {
                    guard.count(FloodGuard.Kind.SETTINGS);
                    pings.settingsAcknowledged();
                }
                case Frame.Ping(var ack, var data) -> {
                    // A peer that receives content may measure the path's capacity by a PING each round trip, as gRPC does.
                    boolean free = ack ? pings.answered(data) : outbound.contentSent();
                    if (!free) guard.count(FloodGuard.Kind.PING);
                    if (!ack) outbound.ping(Frame.ACK, data);
                }
                case Frame.GoAway(var last, var code) -> {
                    guard.count(FloodGuard.Kind.UNKNOWN);
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
            // Towards a server it is the response that is malformed, which is not the same as one that was broken off.
            stream.abort(e.code(), stream instanceof ClientStream ? new MalformedMessageException(e.detail()) : e);
        } else {
            // RST_STREAM has no place on an idle stream (§6.4): what concerns one concerns the connection.
            if (streams.idle(e.id())) throw new ConnectionException(e.code(), e.getMessage());
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
            if (!shortcut.take(stream.inbound(), frame, in)) stream.inbound().receive(in, frame.length(), frame.flow());
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
        var stream = new ServerStream(connection, id, head, frame.endStream(), with);
        if (frame.endStream()) stream.endReceived(null);     // first: it is promised no window then
        streams.open(stream);
        Thread.ofVirtual().start(stream);
    }

    private void windowUpdate(int id, int increment) throws IOException {
        if (!returned(increment)) guard.count(FloodGuard.Kind.WINDOW_UPDATE);
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

    /// Whether the update gives window back for content that was sent: a fast reader does so every few KiB, on its stream and
    /// on the connection, and comes to more than any rate allows.
    private boolean returned(int increment) {
        if (increment < LEAST_UPDATE || windowReturned + increment > 2 * outbound.content()) return false;
        windowReturned += increment;
        return true;
    }

    private void rstStream(int id, ErrorCode code) throws IOException {
        if (handler != null) guard.count(FloodGuard.Kind.RESET);
        var stream = streams.get(id);
        if (stream == null) {
            if (streams.idle(id)) throw new ConnectionException(PROTOCOL_ERROR, "RST_STREAM on an idle stream");
            return;
        }
        stream.lost(reset(id, code));
    }

    /// What a reset by the peer means. Of the codes CANCEL alone concerns more than this hop: it goes on as what it is; another one is to
    /// the next hop an INTERNAL_ERROR.
    private IOException reset(int id, ErrorCode code) {
        if (code == ErrorCode.CANCEL) return new CancelledException("stream " + id + ": cancelled by the peer");
        if (code == REFUSED_STREAM && handler == null) return new NotProcessedException("the peer refused the stream");
        return new StreamException(id, code, "reset by the peer");
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
        if (streams.ignored(id) || streams.remembered(id)) return;
        if (config.guarded()) throw new ConnectionException(STREAM_CLOSED, what + " on a closed stream");
    }
}
