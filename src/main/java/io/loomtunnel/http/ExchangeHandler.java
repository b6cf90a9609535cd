package io.loomtunnel.http;

import java.io.IOException;

/// What is done with an exchange. Everything that takes one has this shape.
@FunctionalInterface
public interface ExchangeHandler {
    /// Answers the exchange, and returns only when nothing more will be done for it. What was left unanswered at the return,
    /// or by an exception, is answered 500 or, when a response was begun, reset.
    /// @param exchange is used by no one else until the return
    /// @throws IOException when the exchange failed; a [StatusException] says with which status to answer
    void handle(Exchange exchange) throws IOException;
}
