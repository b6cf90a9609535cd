package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Continued;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;

/// One request on an HTTP/1.1 connection that we accepted, and its response.
final class Http1Exchange implements Exchange {
    private static final Runnable GONE = () -> { };

    private final Http1Server server;
    private final HeadReader.Request request;
    private final Content content;
    private final Duplex duplex;
    private final ByteWriter out;
    private final AtomicReference<Runnable> onCancel = new AtomicReference<>();
    private MessageSink sink;
    private boolean keepAlive;
    private boolean continued;           // a 100 was passed on, so the content will come
    private boolean upgraded;
    private boolean reset;

    Http1Exchange(Http1Server server, HeadReader.Request request, Content content, Duplex duplex, ByteWriter out, boolean keepAlive) {
        this.server = server;
        this.request = request;
        this.content = content;
        this.duplex = duplex;
        this.out = out;
        this.keepAlive = keepAlive;
    }

    @Override public RequestHead request() {
        return request.head();
    }

    @Override public Content content() {
        return content;
    }

    @Override public Peer peer() {
        return server.peer();
    }

    @Override public String version() {
        return request.minor() == 0 ? "1.0" : "1.1";
    }

    @Override public void inform(ResponseHead head) throws IOException {
        if (responded()) throw new IllegalStateException("a final response was begun");
        if (request.minor() == 0) return;            // HTTP/1.0 does not know interim responses (RFC 9110 §15.2)
        if (head.status() == 100) continued = true;
        HeadWriter.response(out, head);
        out.put("\r\n");
        out.writeTo(duplex.out());
        out.reset(512);
        duplex.out().flush();
    }

    @Override public ContentSink respond(ResponseHead head) throws IOException {
        if (responded()) throw new IllegalStateException("a final response was begun");
        boolean old = request.minor() == 0;
        boolean bodiless = head.bodiless(request.head().method());
        // Only a chunked message has a place for the trailers that it announces (RFC 9112 §7.1.2).
        if (!bodiless && !old && head.fields().has("trailer")) head.fields().remove("content-length");
        long declared = bodiless ? Content.UNKNOWN : HeadReader.contentLength(head.fields());
        if (server.draining() || withheld() || head.fields().lists("connection", "close")) keepAlive = false;
        if (old && declared < 0 && !bodiless) keepAlive = false;
        sink = new MessageSink(duplex, out, to -> {
            HeadWriter.response(to, head);
            if (!keepAlive && !head.fields().lists("connection", "close")) to.put("Connection: close\r\n");
            else if (keepAlive && old) to.put("Connection: keep-alive\r\n");
        }, bodiless ? MessageSink.Framing.NONE : declared >= 0 ? MessageSink.Framing.LENGTH : null, declared, !old, true);
        return sink;
    }

    @Override public Duplex upgrade(Fields fields) throws IOException {
        if (responded()) throw new IllegalStateException("a final response was begun");
        upgraded = true;
        var presence = server.presence();
        presence.end();
        HeadWriter.response(out, new ResponseHead(101, fields));
        out.put("\r\n");
        out.writeTo(duplex.out());
        out.reset(512);
        duplex.out().flush();
        return new Continued(duplex, server.in(), () -> presence.await(Deadline.NEVER));
    }

    @Override public boolean responded() {
        return sink != null || upgraded;
    }

    @Override public void onCancel(Runnable action) {
        if (onCancel.compareAndSet(null, action)) return;
        var earlier = onCancel.get();
        if (earlier == GONE || !onCancel.compareAndSet(earlier, action)) action.run();
    }

    /// The visitor has left.
    void cancelled() {
        var action = onCancel.getAndSet(GONE);
        if (action != null) action.run();
    }

    @Override public void reset() {
        reset = true;
        duplex.reset();
    }

    boolean upgraded() {
        return upgraded;
    }

    /// Makes a response that was begun and not ended visibly incomplete.
    void finish() {
        if (sink != null && !sink.ended()) sink.abandon();
    }

    /// Whether the response was sent whole.
    boolean whole() {
        return sink != null && sink.ended() && !reset;
    }

    boolean keepAlive() {
        return keepAlive && whole() && !sink.untilClose();
    }

    /// Whether the peer waits for a 100 before it sends content, and has not got one: after the response it may send the
    /// content or not, so that nobody can tell what comes next (RFC 9110 §10.1.1).
    private boolean withheld() {
        return !continued && content instanceof Http1Content pending && !pending.ended() && request.head().fields().lists("expect", "100-continue");
    }
}
