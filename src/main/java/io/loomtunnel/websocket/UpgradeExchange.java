package io.loomtunnel.websocket;

import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.FilterExchange;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// A visitor's HTTP/1.1 Upgrade, shown as the extended CONNECT that it means.
final class UpgradeExchange extends FilterExchange {
    private final String protocol;
    private final String key;                // the visitor's; empty unless the protocol is WebSocket
    private final RequestHead request;

    UpgradeExchange(Exchange http1, String protocol) throws StatusException {
        super(http1);
        this.protocol = protocol;
        var get = http1.request();
        key = protocol.equals(Upgrades.WEBSOCKET) ? Handshake.keyOf(get.fields()) : "";
        var fields = get.fields().copy().remove(Handshake.KEY).remove("content-length");
        request = new RequestHead("CONNECT", get.scheme(), get.authority(), get.path(), protocol, fields);
    }

    @Override public RequestHead request() {
        return request;
    }

    @Override public Content content() {
        return Content.NONE;
    }

    /// {@inheritDoc}
    /// The protocol was refused. A visitor who did not wait for the answer has sent bytes that are no request: only WebSocket's
    /// masking keeps them from looking like one, after any other protocol the connection ends.
    @Override public ContentSink respond(ResponseHead head) throws IOException {
        if (key.isEmpty()) head.fields().add("connection", "close");
        return super.respond(head);
    }

    /// {@inheritDoc} A 101 has no content, and says which protocol follows (RFC 9110 §15.2.2).
    @Override public Duplex upgrade(Fields fields) throws IOException {
        fields.remove(Handshake.ACCEPT).remove("content-length");
        fields.add("upgrade", protocol).add("connection", "upgrade");
        if (!key.isEmpty()) fields.add(Handshake.ACCEPT, Handshake.answer(key));
        return super.upgrade(fields);
    }
}
