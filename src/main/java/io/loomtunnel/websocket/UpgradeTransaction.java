package io.loomtunnel.websocket;

import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// An extended CONNECT that went to an origin as an HTTP/1.1 Upgrade, and its answer: 101 is the 200 of a CONNECT; any other
/// answer is one to a GET.
final class UpgradeTransaction implements Transaction {
    private final Transaction http1;
    private final String protocol;
    private final String key;                // ours; empty unless the protocol is WebSocket
    private final Sink sink = new Sink();

    UpgradeTransaction(Transaction http1, String protocol, String key) {
        this.http1 = http1;
        this.protocol = protocol;
        this.key = key;
    }

    @Override public ContentSink content() {
        return sink;
    }

    @Override public ResponseHead response(Deadline deadline) throws IOException {
        var head = http1.response(deadline);
        if (head.status() != 101) return head;
        var fields = head.fields();
        if (!fields.lists("upgrade", protocol) || !fields.lists("connection", "upgrade")) {
            throw failed("It switched to something else than " + protocol + ".");
        }
        if (!key.isEmpty() && !Handshake.answer(key).equals(fields.joined(Handshake.ACCEPT))) {
            throw failed("Its Sec-WebSocket-Accept is wrong.");
        }
        return new ResponseHead(200, fields.copy().remove(Handshake.ACCEPT).remove("content-length"));
    }

    private static GatewayException failed(String why) {
        return new GatewayException(502, "http_upgrade_failed", "The service did not take the upgrade. " + why, null);
    }

    @Override public Content body() {
        return http1.body();
    }

    @Override public boolean switched() {
        return http1.switched();
    }

    @Override public Duplex duplex() {
        return http1.duplex();
    }

    @Override public void cancel() {
        http1.cancel();
    }

    /// The GET has no content: what begins a CONNECT is all of it.
    private final class Sink extends ContentSink {
        @Override public void write(byte[] source, int offset, int length) throws IOException {
            if (length > 0) throw new IOException("the protocol was not switched yet");
        }

        @Override public void flush() throws IOException {
            http1.content().end();
        }

        @Override public void end(Fields trailers) throws IOException {
            http1.content().end();
        }

        @Override public void abandon() {
            http1.content().abandon();
        }
    }
}
