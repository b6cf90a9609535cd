package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// A request that we sent on a stream of our own, and its response.
final class ClientStream extends Http2Stream implements Transaction {
    private final RequestHead request;
    private boolean answered;
    private volatile boolean switched;

    ClientStream(Http2Connection connection, RequestHead request) {
        super(connection, 0);
        this.request = request;
        sink().head(request.method().equals("CONNECT") ? Content.UNKNOWN : HeadFields.contentLength(request.fields()));
    }

    @Override boolean begin() {
        return begun() || connection.begin(this);
    }

    @Override void encodeHead(Encoder encoder, ByteWriter out) {
        HeadFields.encode(request, encoder, out);
    }

    @Override ErrorCode brokenOff() {
        return ErrorCode.CANCEL;
    }

    @Override void cancelled() {}

    @Override public ContentSink content() {
        return sink();
    }

    @Override public ResponseHead response(Deadline deadline) throws IOException {
        return inbound().nextHead(deadline);
    }

    @Override public Content body() {
        return inbound();
    }

    @Override public boolean switched() {
        return switched;
    }

    @Override public Duplex duplex() {
        return new StreamDuplex(this, request.protocol());
    }

    @Override public void cancel() {
        reset(ErrorCode.CANCEL);
    }

    /// A head arrived: interim ones, then the final one, then trailers.
    void headers(Frame.Headers frame, HeadDecoder decoder) throws IOException {
        if (answered) {
            var trailers = decoder.trailers(frame);
            if (!frame.endStream()) throw new StreamException(id(), ErrorCode.PROTOCOL_ERROR, "trailers that do not end the stream");
            endReceived(trailers);
            return;
        }
        var head = decoder.response(frame);
        if (head.interim()) {
            if (frame.endStream()) throw new StreamException(id(), ErrorCode.PROTOCOL_ERROR, "an interim response that ends the stream");
            inbound().head(head);
            return;
        }
        answered = true;
        // The length of a response to HEAD, or of a 304, is that of content which does not follow (RFC 9113 §8.1.1).
        boolean bodiless = head.bodiless(request.method());
        switched = request.method().equals("CONNECT") && head.status() < 300;      // has none, whatever it says (RFC 9110 §9.3.6)
        inbound().declare(bodiless ? 0 : switched ? Content.UNKNOWN : HeadFields.contentLength(head.fields()));
        if (frame.endStream()) {
            if (!bodiless && !switched) inbound().declare(Math.max(0, HeadFields.contentLength(head.fields())));
            endReceived(null);
        }
        inbound().head(head);
    }

    /// Whether any head of the response has arrived.
    boolean answered() {
        return answered;
    }
}
