package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.ErrorPage;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicReference;

/// A request that the peer sent, and the response that we owe; run by a virtual thread of its own.
final class ServerStream extends Http2Stream implements Exchange, Runnable {
    private static final Logger log = System.getLogger(ServerStream.class.getName());
    private static final Runnable GONE = () -> { };

    private final RequestHead request;
    private final ExchangeHandler handler;
    private final Content content;
    private final AtomicReference<Runnable> onCancel = new AtomicReference<>();
    private ResponseHead response;
    private boolean responded;

    ServerStream(Http2Connection connection, int id, RequestHead request, boolean ended, ExchangeHandler handler) {
        super(connection, id);
        this.request = request;
        this.handler = handler;
        content = ended ? Content.NONE : inbound();
        // What follows a CONNECT is no content, whatever its head says (RFC 9110 §9.3.6).
        if (ended || request.method().equals("CONNECT")) return;
        inbound().declare(HeadFields.contentLength(request.fields()));
        inbound().readTimeout(connection.config().patience().content());
    }

    @Override IOException late() {
        return request.method().equals("CONNECT") ? super.late() : new StatusException(408, "the content did not arrive in time");
    }

    @Override public void run() {
        try {
            handler.handle(this);
            if (!responded) answer(new StatusException(500, "nobody answered the request"));
        } catch (StatusException e) {
            answer(e);
        } catch (IOException e) {
            log.log(Level.DEBUG, "exchange ended", e);
        } catch (RuntimeException | Error bug) {
            log.log(Level.ERROR, "a handler failed", bug);
            answer(new StatusException(500, "an error of this server", bug));
        } finally {
            // What was begun and not ended is visibly broken off; what was ended needs no more of the request.
            if (localOpen()) reset(ErrorCode.INTERNAL_ERROR);
            else stopReceiving();
            inbound().discard();
            connection.handled(this);
        }
    }

    private void answer(StatusException error) {
        if (responded) return;
        try {
            ErrorPage.respond(this, error);
        } catch (IOException e) {
            log.log(Level.DEBUG, "no answer", e);
        }
    }

    @Override boolean begin() {
        return true;
    }

    @Override void encodeHead(Encoder encoder, ByteWriter out) {
        HeadFields.encode(response, encoder, out);
    }

    /// Not CANCEL, which gRPC takes for somebody's wish.
    @Override ErrorCode brokenOff() {
        return ErrorCode.INTERNAL_ERROR;
    }

    @Override void cancelled() {
        var action = onCancel.getAndSet(GONE);
        if (action != null) action.run();
    }

    @Override public RequestHead request() {
        return request;
    }

    @Override public Content content() {
        return content;
    }

    @Override public Peer peer() {
        return connection.peer();
    }

    @Override public String version() {
        return "2.0";
    }

    @Override public void inform(ResponseHead head) throws IOException {
        if (responded) throw new IllegalStateException("a final response was begun");
        response = head;
        sink().interim();
    }

    @Override public ContentSink respond(ResponseHead head) throws IOException {
        if (responded) throw new IllegalStateException("a final response was begun");
        responded = true;
        response = head;
        boolean bodiless = head.bodiless(request.method());
        sink().head(bodiless ? Content.UNKNOWN : HeadFields.contentLength(head.fields()));
        return sink();
    }

    @Override public Duplex upgrade(Fields fields) throws IOException {
        respond(new ResponseHead(200, fields)).flush();
        return new StreamDuplex(this, request.protocol());
    }

    @Override public boolean responded() {
        return responded;
    }

    @Override public void onCancel(Runnable action) {
        if (onCancel.compareAndSet(null, action)) return;
        var earlier = onCancel.get();
        if (earlier == GONE || !onCancel.compareAndSet(earlier, action)) action.run();
    }

    @Override public void reset() {
        reset(ErrorCode.CANCEL);
    }

    /// A second field block of the request: its trailers.
    void trailers(Frame.Headers frame, HeadDecoder decoder) throws IOException {
        var trailers = decoder.trailers(frame);
        if (!frame.endStream()) throw new StreamException(id(), ErrorCode.PROTOCOL_ERROR, "trailers that do not end the stream");
        endReceived(trailers);
    }
}
