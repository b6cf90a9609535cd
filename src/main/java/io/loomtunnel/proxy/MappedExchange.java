package io.loomtunnel.proxy;

import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// An exchange whose origin was asked for another host than the visitor's: what it says of its own is turned back.
final class MappedExchange implements Exchange {
    private final Exchange exchange;
    private final HostMapping mapping;

    MappedExchange(Exchange exchange, HostMapping mapping) {
        this.exchange = exchange;
        this.mapping = mapping;
    }

    @Override public ContentSink respond(ResponseHead head) throws IOException {
        return exchange.respond(new ResponseHead(head.status(), mapping.map(head.fields())));
    }

    @Override public Duplex upgrade(Fields fields) throws IOException {
        return exchange.upgrade(mapping.map(fields));
    }

    @Override public RequestHead request() {
        return exchange.request();
    }

    @Override public Content content() {
        return exchange.content();
    }

    @Override public Peer peer() {
        return exchange.peer();
    }

    @Override public String version() {
        return exchange.version();
    }

    @Override public void inform(ResponseHead head) throws IOException {
        exchange.inform(head);
    }

    @Override public boolean responded() {
        return exchange.responded();
    }

    @Override public void onCancel(Runnable action) {
        exchange.onCancel(action);
    }

    @Override public void reset() {
        exchange.reset();
    }
}
