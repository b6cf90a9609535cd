package io.loomtunnel.ingress;

import io.loomtunnel.http.Content;
import io.loomtunnel.http.ContentSink;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.FilterExchange;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import java.io.IOException;
import java.io.OutputStream;

/// An exchange whose content is bounded both ways. Nothing behind a limit passes: a message that declares its length is
/// refused as a whole, another is broken off there. What follows a switch of protocols has no limit.
final class BoundedExchange extends FilterExchange {
    private final Content content;
    private final long maxResponse;

    private BoundedExchange(Exchange exchange, long maxRequest, long maxResponse) {
        super(exchange);
        this.maxResponse = maxResponse;
        content = exchange.content() == Content.NONE ? Content.NONE : new BoundedContent(exchange.content(), maxRequest);
    }

    /// Bounds an exchange.
    /// @return the same one when there is no limit
    /// @throws StatusException (413) the request declares more content than it may have
    static Exchange of(Exchange exchange, VisitorLimits limits) throws StatusException {
        if (limits.maxRequestBody() == VisitorLimits.UNLIMITED && limits.maxResponseBody() == VisitorLimits.UNLIMITED) return exchange;
        if (exchange.request().method().equals("CONNECT")) return exchange;
        if (exchange.content().length() > limits.maxRequestBody()) throw tooLarge(limits.maxRequestBody());
        return new BoundedExchange(exchange, limits.maxRequestBody(), limits.maxResponseBody());
    }

    private static StatusException tooLarge(long limit) {
        return new StatusException(413, "Requests may have " + limit + " bytes of content here.");
    }

    @Override public ContentSink respond(ResponseHead head) throws IOException {
        if (maxResponse == VisitorLimits.UNLIMITED) return super.respond(head);
        if (!head.bodiless(request().method()) && declared(head.fields()) > maxResponse) {
            throw new GatewayException(502, "http_response_body_size", "The service's answer is longer than " + maxResponse + " bytes.", null);
        }
        return new BoundedSink(super.respond(head), maxResponse);
    }

    /// The `content-length` of a head that a parser has accepted, or -1.
    private static long declared(Fields fields) {
        var text = fields.first("content-length");
        return text == null ? -1 : Long.parseLong(text);
    }

    @Override public Content content() {
        return content;
    }

    /// Fails behind the limit.
    private static final class BoundedContent extends Content {
        private final Content content;
        private final long limit;
        private long passed;

        BoundedContent(Content content, long limit) {
            this.content = content;
            this.limit = limit;
        }

        private void pass(long bytes) throws StatusException {
            if (passed + bytes > limit) throw tooLarge(limit);
            passed += bytes;
        }

        @Override public long length() {
            return content.length();
        }

        @Override public Fields trailers() {
            return content.trailers();
        }

        @Override public int available() throws IOException {
            return content.available();
        }

        @Override public int read(byte[] target, int offset, int length) throws IOException {
            int n = content.read(target, offset, length);
            if (n > 0) pass(n);
            return n;
        }

        @Override public long transferTo(OutputStream out) throws IOException {
            return content.transferTo(new OutputStream() {
                @Override public void write(int b) throws IOException {
                    pass(1);
                    out.write(b);
                }

                @Override public void write(byte[] source, int offset, int length) throws IOException {
                    pass(length);
                    out.write(source, offset, length);
                }

                @Override public void flush() throws IOException {
                    out.flush();
                }
            });
        }
    }

    /// Passes what is within the limit, and breaks off behind it.
    private static final class BoundedSink extends ContentSink {
        private final ContentSink sink;
        private long left;

        BoundedSink(ContentSink sink, long limit) {
            this.sink = sink;
            left = limit;
        }

        @Override public void write(byte[] source, int offset, int length) throws IOException {
            sink.write(source, offset, (int) Math.min(length, left));
            if (length > left) {
                sink.flush();
                sink.abandon();
                throw new IOException("a response that is longer than allowed");
            }
            left -= length;
        }

        @Override public void flush() throws IOException {
            sink.flush();
        }

        @Override public void end(Fields trailers) throws IOException {
            sink.end(trailers);
        }

        @Override public void abandon() {
            sink.abandon();
        }
    }
}
