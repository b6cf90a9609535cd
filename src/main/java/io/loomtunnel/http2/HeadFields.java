package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;

/// Heads as field blocks (RFC 9113 §8.3): pseudo-fields first, then the fields as they are.
final class HeadFields {
    private static final String[] STATUS = new String[1000];

    static {
        for (int i = 100; i < 600; i++) STATUS[i] = Integer.toString(i);
    }

    private HeadFields() {}

    static void encode(RequestHead head, Encoder encoder, ByteWriter out) {
        encoder.field(out, ":method", head.method());
        if (!head.protocol().isEmpty()) encoder.field(out, ":protocol", head.protocol());
        if (!head.path().isEmpty()) {                 // a plain CONNECT has neither (§8.5)
            encoder.field(out, ":scheme", head.scheme());
            encoder.field(out, ":path", head.path());
        }
        if (!head.authority().isEmpty()) encoder.field(out, ":authority", head.authority());
        encoder.fields(out, head.fields());
    }

    static void encode(ResponseHead head, Encoder encoder, ByteWriter out) {
        int status = head.status();
        encoder.field(out, ":status", status < 600 ? STATUS[status] : Integer.toString(status));
        encoder.fields(out, head.fields());
    }

    /// The `content-length` of a validated head.
    /// @return bytes, or [Content#UNKNOWN]
    static long contentLength(Fields fields) {
        int i = fields.find("content-length", 0);
        return i < 0 ? Content.UNKNOWN : number(fields.data(), fields.valueOffset(i), fields.valueLength(i));
    }

    /// 1*DIGIT of at most 18 digits (RFC 9110 §8.6).
    /// @return -1 for anything else
    static long number(byte[] array, int offset, int length) {
        if (length < 1 || length > 18) return -1;
        long value = 0;
        for (int i = offset; i < offset + length; i++) {
            int digit = array[i] - '0';
            if (digit < 0 || digit > 9) return -1;
            value = value * 10 + digit;
        }
        return value;
    }
}
