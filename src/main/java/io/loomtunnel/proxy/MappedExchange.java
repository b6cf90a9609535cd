package io.loomtunnel.proxy;

import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.FilterExchange;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Duplex;
import java.io.IOException;

/// An exchange whose origin was asked for another host than the visitor's: what it says of its own is turned back.
final class MappedExchange extends FilterExchange {
    private final HostMapping mapping;

    MappedExchange(Exchange exchange, HostMapping mapping) {
        super(exchange);
        this.mapping = mapping;
    }

    @Override public ContentSink respond(ResponseHead head) throws IOException {
        return super.respond(new ResponseHead(head.status(), mapping.map(head.fields())));
    }

    @Override public Duplex upgrade(Fields fields) throws IOException {
        return super.upgrade(mapping.map(fields));
    }
}
