package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.NoResponseException;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Continued;
import io.loomtunnel.websocket.Upgrades;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/// A connection that we dialled (RFC 9112): one transaction after the other. Not safe for two threads at once, but that one may
/// send the content while another reads the response.
public final class Http1Client implements HttpConnection, AutoCloseable {
    private static final Duration PEEK = Duration.ofMillis(1);     // the shortest read time-out that java.net has

    private final Duplex duplex;
    private final ByteReader in;
    private final Http1Config config;
    private final HeadReader heads;
    private final ByteWriter out = new ByteWriter(512);
    private Exchanged current;
    private int served;
    private boolean doubtful;

    /// @param duplex is closed by [#close]
    public Http1Client(Duplex duplex, ByteReader in, Http1Config config) {
        this.duplex = duplex;
        this.in = in;
        this.config = config;
        heads = new HeadReader(duplex, in, config);
    }

    /// {@inheritDoc} An extended CONNECT goes as what it is called here: a GET with Upgrade.
    @Override public Transaction send(RequestHead head) throws IOException {
        return head.protocol().isEmpty() ? begin(head) : Upgrades.open(this::begin, head);
    }

    private Transaction begin(RequestHead head) throws IOException {
        if (current != null && !reusable()) throw new NotProcessedException("the connection is in use, or used up");
        duplex.readTimeout(Duration.ZERO);
        current = new Exchanged(head, HeadReader.contentLength(head.fields()));
        return current;
    }

    /// Whether the last transaction has come to its end and left the connection fit for another: both messages whole,
    /// neither side wants to close, nothing unasked for has arrived.
    public boolean reusable() {
        return current == null || current.over() && in.available() == 0;
    }

    /// Whether the peer of a connection that lies idle has closed it, or sent what nobody asked for. Takes a millisecond
    /// when it has not: for connections that have been idle for longer than that matters.
    public boolean stale() {
        if (in.available() > 0) return true;
        try {
            duplex.readTimeout(PEEK);
            in.fill();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /// Whether the peer may have more to send than it should, so that [#stale] is worth its time however short the connection has
    /// been idle.
    public boolean doubtful() {
        return doubtful;
    }

    /// Whether the peer of an idle connection has sent what nobody asked for, as far as that is here: without waiting.
    public boolean spoke() {
        try {
            return in.availableAll() > 0;
        } catch (IOException e) {
            return true;
        }
    }

    /// Gives large buffers back while the connection lies idle.
    public void rest() {
        in.rest();
    }

    @Override public void close() {
        in.release();
        try {
            duplex.close();
        } catch (IOException e) {
            duplex.reset();
        }
    }

    /// One request and its response.
    private final class Exchanged implements Transaction {
        private final RequestHead request;
        private final MessageSink sink;
        private Http1Content body;
        private Content bodiless;
        private boolean keepAlive;
        private boolean switched;
        private volatile boolean cancelled;

        Exchanged(RequestHead request, long declared) {
            this.request = request;
            // A request of unknown length is chunked; one without content says so only where a server might expect some
            // (RFC 9110 §8.6).
            boolean expected = switch (request.method()) {
                case "POST", "PUT", "PATCH" -> true;
                default -> false;
            };
            sink = new MessageSink(duplex, out, to -> {
                HeadWriter.request(to, request);
                if (request.fields().has("te")) to.put("Connection: TE\r\n");      // RFC 9110 §10.1.4
            },
                    declared >= 0 ? MessageSink.Framing.LENGTH : null, declared, true, expected);
        }

        boolean over() {
            return !cancelled && keepAlive && !switched && sink.ended() && (body == null ? bodiless != null : body.ended());
        }

        @Override public ContentSink content() {
            return sink;
        }

        @Override public ResponseHead response(Deadline deadline) throws IOException {
            HeadReader.Response response;
            try {
                response = heads.response(deadline);
                if (response == null) throw new EOFException("the origin closed the connection without a response");
            } catch (SocketTimeoutException | MalformedMessageException e) {
                throw e;
            } catch (IOException e) {
                if (served > 0 && !heads.begun() && !cancelled) throw new NoResponseException(e);
                throw e;
            }
            duplex.readTimeout(Duration.ZERO);
            var head = response.head();
            if (head.interim()) return head;
            served++;
            frame(head, response.minor());
            return head;
        }

        /// Which content follows (RFC 9112 §6.3).
        private void frame(ResponseHead head, int minor) throws MalformedMessageException {
            var fields = head.fields();
            doubtful = false;
            keepAlive = !fields.lists("connection", "close") && (minor == 1 || fields.lists("connection", "keep-alive"));
            if (head.status() == 101 || request.method().equals("CONNECT") && head.status() < 300) {
                switched = true;
                return;
            }
            if (head.bodiless(request.method())) {
                bodiless = Content.NONE;
                // None of them has content, but an origin that announces some may send it all the same: nobody must take that for a
                // response. It is right to announce it to HEAD.
                boolean announced = fields.has("transfer-encoding") || HeadReader.contentLength(fields) > 0;
                if (announced && head.status() == 204) keepAlive = false;
                doubtful = announced;
                return;
            }
            long length = HeadReader.contentLength(fields);
            if (fields.has("transfer-encoding")) {
                if (length >= 0) throw new MalformedMessageException("both Transfer-Encoding and Content-Length");
                if (minor == 0) throw new MalformedMessageException("Transfer-Encoding in HTTP/1.0");
                HeadReader.chunked(fields);
                body = new Http1Content(in, heads, Http1Content.Framing.CHUNKED, Content.UNKNOWN);
            } else if (length >= 0) {
                body = new Http1Content(in, heads, Http1Content.Framing.LENGTH, length);
            } else {
                keepAlive = false;
                body = new Http1Content(in, heads, Http1Content.Framing.CLOSE, Content.UNKNOWN);
            }
        }

        @Override public Content body() {
            return body != null ? body : Content.NONE;
        }

        @Override public boolean switched() {
            return switched;
        }

        @Override public Duplex duplex() {
            if (!switched) throw new IllegalStateException("the origin did not switch protocols");
            return new Continued(duplex, in);
        }

        @Override public void cancel() {
            if (over()) return;
            cancelled = true;
            duplex.reset();
        }
    }
}
