package io.loomtunnel.http;

import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// An exchange that passes everything on to another one: for those that change a part of it.
public abstract class FilterExchange implements Exchange {
    private final Exchange exchange;

    /// Passes on to an exchange.
    /// @param exchange is used by nobody else meanwhile
    protected FilterExchange(Exchange exchange) {
        this.exchange = exchange;
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

    @Override public ContentSink respond(ResponseHead head) throws IOException {
        return exchange.respond(head);
    }

    @Override public Duplex upgrade(Fields fields) throws IOException {
        return exchange.upgrade(fields);
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
