package io.loomtunnel.http;

import io.loomtunnel.io.Deadline;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;

/// How a gateway forwards one message each way: an exchange comes in, a hop carries it on. Used at both ends of a tunnel.
///
/// Everything is streamed. A second thread works only while request content and a response may flow at the same time; a request
/// whose content is here already is sent by the exchange's own thread.
public final class Forwarding {
    /// Finds the connection for an attempt.
    @FunctionalInterface
    public interface Hops {
        /// A connection to send the request on.
        /// @return the caller closes it
        /// @throws IOException when there is none; a [StatusException] says what to answer
        Hop next() throws IOException;
    }

    private static final int ATTEMPTS = 2;

    /// After an early response: what is still read of the request's content, and for how long.
    private static final int DRAIN_BYTES = 256 * 1024;
    private static final Duration DRAIN_TIME = Duration.ofSeconds(2);

    private final Duration responseTimeout;

    /// Forwards with this time-out.
    /// @param responseTimeout from the end of the request to the head of the response: then 504
    public Forwarding(Duration responseTimeout) {
        this.responseTimeout = responseTimeout;
    }

    /// The fields of a message that go on to the next hop (RFC 9110 §7.6.1).
    /// @param fields is not changed
    /// @return a copy, to which the caller may add its own
    public static Fields endToEnd(Fields fields) {
        return HopByHop.endToEnd(fields);
    }

    /// Sends the request on and the response back, and returns when both are done.
    ///
    /// A request is sent a second time, over another connection, when it was surely not processed, or when it is idempotent and a
    /// connection that had served before ended without a byte; and only as long as none of its content was taken.
    /// @param exchange is answered
    /// @param request  what to send, hop-by-hop fields already removed
    /// @param hops     is asked once for each attempt
    /// @throws StatusException nothing was answered yet: 502, 503, 504, or what the visitor's own content deserves
    /// @throws IOException the exchange failed after the response had begun, or the visitor is gone
    public void forward(Exchange exchange, RequestHead request, Hops hops) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try (var hop = hops.next()) {
                if (new Attempt(exchange, request).over(hop)) hop.completed();
                return;
            } catch (NotProcessedException e) {
                if (attempt == ATTEMPTS || exchange.responded() || taken(exchange)) {
                    throw new GatewayException(503, "destination_unavailable", "The service cannot take the request now.", e);
                }
            } catch (NoResponseException e) {
                if (attempt == ATTEMPTS || exchange.responded() || taken(exchange) || !request.idempotent()) {
                    throw new GatewayException(502, "connection_terminated", "The service closed the connection without a response.", e);
                }
            }
        }
    }

    private static boolean taken(Exchange exchange) {
        return exchange.content() != Content.NONE;
    }

    /// One sending of the request.
    private final class Attempt {
        private final Exchange exchange;
        private final RequestHead request;
        private Transaction transaction;
        private Upload upload;               // null unless the content flows on a thread of its own

        Attempt(Exchange exchange, RequestHead request) {
            this.exchange = exchange;
            this.request = request;
        }

        /// @return whether both messages came to their end
        boolean over(Hop hop) throws IOException {
            transaction = hop.connection().send(request);
            exchange.onCancel(transaction::cancel);
            boolean whole = false;
            try {
                sendContent();
                respond(finalHead());
                whole = upload == null || upload.stop(exchange);
                return whole;
            } catch (NotProcessedException | NoResponseException e) {
                if (upload == null) throw e;         // it may be sent again
                refuse(new GatewayException(502, "connection_terminated", "The service broke the connection off.", e));
                return false;
            } catch (StatusException e) {
                if (upload == null || exchange.responded()) throw e;
                refuse(e);
                return false;
            } finally {
                if (!whole) transaction.cancel();
                if (upload != null && !whole) upload.stop(exchange);
            }
        }

        /// Answers before the content is stopped: it may still be coming, and its end is not worth waiting for.
        private void refuse(StatusException error) throws IOException {
            transaction.cancel();
            ErrorPage.respond(exchange, error);
        }

        private void sendContent() throws IOException {
            var content = exchange.content();
            boolean here = content == Content.NONE || content.length() >= 0 && content.available() >= content.length();
            if (!here) {
                upload = new Upload(content, transaction);
                return;
            }
            try {
                content.transferTo(transaction.content());
                transaction.content().end(content.trailers());
            } catch (StatusException e) {
                throw e;
            } catch (IOException e) {
                // The response, or its absence, says what this meant.
            }
        }

        /// Passes interim responses on until the final one comes.
        private ResponseHead finalHead() throws IOException {
            while (true) {
                ResponseHead head;
                try {
                    head = transaction.response(Deadline.after(responseTimeout));
                } catch (NotProcessedException | NoResponseException e) {
                    throw e;
                } catch (SocketTimeoutException e) {
                    if (upload != null && upload.busy()) continue;      // the limit counts from the end of the request
                    throw new GatewayException(504, "http_response_timeout", "The service did not answer in time.", e);
                } catch (StatusException e) {
                    throw new GatewayException(502, "http_protocol_error", "The service's answer is not proper HTTP: " + e.getMessage() + ".", e);
                } catch (IOException e) {
                    if (upload != null) upload.rethrow();
                    throw new GatewayException(502, "connection_terminated", "The service broke the connection off.", e);
                }
                if (!head.interim()) return head;
                exchange.inform(new ResponseHead(head.status(), HopByHop.endToEnd(head.fields())));
            }
        }

        private void respond(ResponseHead head) throws IOException {
            if (head.status() == 101) {
                throw new GatewayException(502, "http_protocol_error", "The service switched protocols without being asked.", null);
            }
            var sink = exchange.respond(new ResponseHead(head.status(), HopByHop.endToEnd(head.fields())));
            var body = transaction.body();
            body.transferTo(sink);
            sink.end(body.trailers());
        }
    }

    /// Request content on its way while the response may already come: a thread that copies, and can be told to stop.
    private static final class Upload extends OutputStream {
        private final Content content;
        private final Transaction transaction;
        private final Thread thread;
        private volatile boolean discarding;        // the response is out: nobody wants the rest
        private volatile IOException refused;       // by the next hop; its response says why
        private volatile IOException broken;        // the visitor's side failed
        private volatile boolean whole;
        private long discarded;

        Upload(Content content, Transaction transaction) {
            this.content = content;
            this.transaction = transaction;
            thread = Thread.ofVirtual().start(this::copy);
        }

        private void copy() {
            try {
                content.transferTo(this);
                if (discarding || refused != null) return;
                transaction.content().end(content.trailers());
                whole = true;
            } catch (IOException e) {
                if (refused != null || discarding) return;
                broken = e;
                transaction.cancel();
            }
        }

        boolean busy() {
            return thread.isAlive();
        }

        /// @throws IOException what the visitor did wrong, if that is what ended the exchange
        void rethrow() throws IOException {
            var e = broken;
            if (e instanceof StatusException status) throw status;
            if (e instanceof EOFException) throw new StatusException(400, "The request ended inside its content.", e);
            if (e != null) throw e;
        }

        /// Ends the copying: what still comes is read and thrown away for a while, so that the visitor gets to read the response.
        /// @return whether the content was sent whole
        boolean stop(Exchange exchange) {
            discarding = true;
            try {
                // A visitor who sends nothing more must not be waited for; nor may two threads read his connection.
                if (!thread.join(DRAIN_TIME)) exchange.reset();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            return whole;
        }

        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            if (!discarding && refused == null) {
                try {
                    transaction.content().write(source, offset, length);
                    return;
                } catch (IOException e) {
                    refused = e;
                }
            }
            discarded += length;
            if (discarding && discarded > DRAIN_BYTES) throw new IOException("enough was discarded");
        }

        @Override public void flush() throws IOException {
            if (discarding || refused != null) return;
            try {
                transaction.content().flush();
            } catch (IOException e) {
                refused = e;
            }
        }
    }
}
