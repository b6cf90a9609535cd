package io.loomtunnel.http;

import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Pump;
import io.loomtunnel.net.Watchdog;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;

/// How a gateway forwards one message each way: an exchange comes in, a hop carries it on. Used at both ends of a tunnel.
///
/// Everything is streamed. A second thread works only while request content and a response may flow at the same time; a request
/// whose content is short and here already is sent by the exchange's own thread.
public final class Forwarding {
    /// Marks a request that an earlier hop has sent again, so that the next one does not do the same: a field of the
    /// tunnel's, which never leaves it.
    public static final String AGAIN = HopByHop.AGAIN;

    /// Finds the connection for an attempt.
    @FunctionalInterface
    public interface Hops {
        /// A connection to send the request on.
        /// @param attempt 1, then 2: over another connection than the first, which failed
        /// @return closed by the caller
        /// @throws IOException when there is none; a [StatusException] says what to answer
        Hop next(int attempt) throws IOException;
    }

    /// Request content up to this length, once it is here, is sent before anything of the response is read: it fits into
    /// whatever buffers and windows there are, so that nobody waits for the other.
    private static final int INLINE = 4 * 1024;
    /// How long what was said before a reset may take on its way.
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final Duration responseTimeout;

    /// Forwards with a limit to how long a response may be in coming.
    /// @param responseTimeout from the end of the request, or an interim response, to the next head: then 504; zero for none
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
    /// A request is sent a second time when it was surely not processed, or when it is idempotent and a connection that had
    /// served before ended without a byte; and only as long as none of its content was taken.
    /// @param exchange is answered
    /// @param request  what to send, hop-by-hop fields already removed
    /// @param attempts 2, or 1 when the request must not be sent again
    /// @param hops     is asked once for each attempt
    /// @throws StatusException nothing was answered yet: 502, 503, 504, or what the visitor's own content deserves
    /// @throws IOException the exchange failed after the response had begun, or the visitor is gone
    public void forward(Exchange exchange, RequestHead request, int attempts, Hops hops) throws IOException {
        for (int attempt = 1; ; attempt++) {
            var sending = new Sending(exchange, request);
            try (var hop = hops.next(attempt)) {
                if (sending.over(hop)) hop.completed();
                return;
            } catch (NotProcessedException e) {
                if (attempt >= attempts || !sending.untouched()) {
                    throw new GatewayException(503, "destination_unavailable", "The service cannot take the request now.", e);
                }
            } catch (NoResponseException e) {
                if (attempt >= attempts || !sending.untouched() || !request.idempotent()) {
                    throw new GatewayException(502, "connection_terminated", "The service closed the connection without a response.", e);
                }
            }
        }
    }

    /// One sending of the request.
    private final class Sending {
        private final Exchange exchange;
        private final RequestHead request;
        private Transaction transaction;
        private ResponseLimit limit;
        private Upload upload;               // null unless the content flows on a thread of its own
        private boolean taken;               // some of the content
        private boolean heard;               // an interim response

        Sending(Exchange exchange, RequestHead request) {
            this.exchange = exchange;
            this.request = request;
        }

        /// Whether the visitor would not notice that the request is sent again.
        boolean untouched() {
            return !taken && !heard && !exchange.responded();
        }

        /// @return whether both messages came to their end
        boolean over(Hop hop) throws IOException {
            // What follows a CONNECT is no content, whatever a visitor declares (RFC 9110 §9.3.6).
            if (request.method().equals("CONNECT")) request.fields().remove("content-length");
            transaction = hop.connection().send(request);
            exchange.onCancel(transaction::cancel);
            limit = new ResponseLimit(responseTimeout, transaction);
            boolean whole = false;
            try {
                if (request.protocol().isEmpty()) {
                    sendContent();
                    respond(finalHead());
                } else {
                    connect();
                }
                whole = upload == null || upload.finish();
                // A visitor who leaves from now on must not hit the connection's next user.
                exchange.onCancel(() -> { });
            } finally {
                limit.close();
                if (!whole) {
                    if (upload != null) upload.stop();
                    transaction.cancel();
                }
            }
            return whole;
        }

        /// Switches to another protocol by extended CONNECT (RFC 8441 §5), when the next hop does: bytes then pass both ways.
        private void connect() throws IOException {
            try {
                transaction.content().flush();
            } catch (IOException e) {
                // The response, or its absence, says why.
            }
            limit.start();
            var head = finalHead();
            if (transaction.switched()) {
                // What a visitor said before leaving is passed on, unless the origin does not take it.
                exchange.onCancel(() -> Watchdog.PROCESS.limit(LAST_WORDS, transaction::cancel));
                Pump.relay(exchange.upgrade(HopByHop.endToEnd(head.fields()).remove("content-length")), transaction.duplex());
                return;
            }
            try {
                transaction.content().end();
            } catch (IOException e) {
                // The next hop wants to hear no more, and says why in what follows.
            }
            respondUnswitched(head);
        }

        /// Passes on what an origin answers instead of switching: a refusal, or a success, which only HTTP/1.1 has a word for.
        private void respondUnswitched(ResponseHead head) throws IOException {
            int disguised = Unswitched.status(head);
            if (disguised == 0 && head.status() >= 300) {
                respond(head);
                return;
            }
            boolean http1 = exchange.version().startsWith("1.");
            if (!http1 && disguised > 0) throw Unswitched.failed();
            var fields = HopByHop.endToEnd(head.fields());
            int status = head.status();
            if (!http1) {
                fields.add(Unswitched.STATUS, Integer.toString(status));
                status = 502;
            } else if (disguised > 0) {
                status = disguised;
            }
            respond(status, fields);
        }

        private void sendContent() throws IOException {
            var content = exchange.content();
            if (content != Content.NONE) {
                taken = true;
                if (!content.complete() || content.available() > INLINE) {
                    upload = new Upload(content, transaction, limit);
                    return;
                }
            }
            try {
                content.transferTo(transaction.content());
                transaction.content().end(content.trailers());
            } catch (StatusException e) {
                throw e;
            } catch (IOException e) {
                // The next hop takes nothing: the response, or its absence, says why.
            }
            limit.start();
        }

        /// Passes interim responses on until the final one comes.
        private ResponseHead finalHead() throws IOException {
            while (true) {
                ResponseHead head;
                try {
                    head = transaction.response(Deadline.NEVER);     // but for the limit
                } catch (IOException e) {
                    throw failure(e);
                }
                if (!head.interim()) {
                    limit.close();
                    return head;
                }
                heard = true;
                limit.restart();
                // It has no content, so a length would be that of somebody else's (RFC 9110 §8.6).
                exchange.inform(new ResponseHead(head.status(), HopByHop.endToEnd(head.fields()).remove("content-length")));
            }
        }

        /// What a response that does not come means to the visitor.
        private IOException failure(IOException e) {
            if (limit.passed()) return new GatewayException(504, "http_response_timeout", "The service did not answer in time.", e);
            var fault = upload == null ? null : upload.broken();
            if (fault instanceof EOFException) return new StatusException(400, "The request ended inside its content.", fault);
            if (fault != null) return fault;
            if (e instanceof NotProcessedException || e instanceof NoResponseException || e instanceof GatewayException) return e;
            if (e instanceof StatusException) {
                return new GatewayException(502, "http_protocol_error", "The service's answer is not proper HTTP: " + e.getMessage() + ".", e);
            }
            return new GatewayException(502, "connection_terminated", "The service broke the connection off.", e);
        }

        private void respond(ResponseHead head) throws IOException {
            if (head.status() == 101) {
                throw new GatewayException(502, "http_protocol_error", "The service switched protocols without being asked.", null);
            }
            respond(head.status(), HopByHop.endToEnd(head.fields()));
        }

        /// @param fields those that go on
        private void respond(int status, Fields fields) throws IOException {
            // Closing a sink that was not ended makes a response that broke off visibly incomplete.
            HttpDate.stamp(fields);
            try (var sink = exchange.respond(new ResponseHead(status, fields))) {
                var body = transaction.body();
                try {
                    body.transferTo(sink);
                } catch (CancelledException e) {
                    sink.cancel();
                    throw e;
                }
                sink.end(body.trailers());
            }
        }
    }
}
