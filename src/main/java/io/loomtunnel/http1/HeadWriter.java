package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;

/// Heads as bytes (RFC 9112 §3, §4, §5), without the framing fields and the empty line. Names are written the way people are used
/// to see them, `Content-Type`: the case means nothing, but some small servers compare it.
final class HeadWriter {
    private static final String[] REASONS = new String[600];

    static {
        var reasons = new Object[] {100, "Continue", 101, "Switching Protocols", 102, "Processing", 103, "Early Hints", 200, "OK", 201, "Created",
            202, "Accepted", 203, "Non-Authoritative Information", 204, "No Content", 205, "Reset Content", 206, "Partial Content",
            207, "Multi-Status", 300, "Multiple Choices", 301, "Moved Permanently", 302, "Found", 303, "See Other", 304, "Not Modified",
            307, "Temporary Redirect", 308, "Permanent Redirect", 400, "Bad Request", 401, "Unauthorized", 402, "Payment Required",
            403, "Forbidden", 404, "Not Found", 405, "Method Not Allowed", 406, "Not Acceptable", 407, "Proxy Authentication Required",
            408, "Request Timeout", 409, "Conflict", 410, "Gone", 411, "Length Required", 412, "Precondition Failed",
            413, "Content Too Large", 414, "URI Too Long", 415, "Unsupported Media Type", 416, "Range Not Satisfiable",
            417, "Expectation Failed", 421, "Misdirected Request", 422, "Unprocessable Content", 425, "Too Early",
            426, "Upgrade Required", 428, "Precondition Required", 429, "Too Many Requests", 431, "Request Header Fields Too Large",
            451, "Unavailable For Legal Reasons", 500, "Internal Server Error", 501, "Not Implemented", 502, "Bad Gateway",
            503, "Service Unavailable", 504, "Gateway Timeout", 505, "HTTP Version Not Supported", 511, "Network Authentication Required"};
        for (int i = 0; i < reasons.length; i += 2) REASONS[(int) reasons[i]] = (String) reasons[i + 1];
    }

    private HeadWriter() {}

    static void response(ByteWriter out, ResponseHead head) {
        out.put("HTTP/1.1 ").putDecimal(head.status()).put(' ');
        var reason = head.status() < 600 ? REASONS[head.status()] : null;
        if (reason != null) out.put(reason);
        out.put('\r').put('\n');
        fields(out, head.fields());
    }

    static void request(ByteWriter out, RequestHead head) {
        var target = head.method().equals("CONNECT") ? head.authority() : head.path();
        out.put(head.method()).put(' ').put(target).put(" HTTP/1.1\r\nHost: ").put(head.authority()).put('\r').put('\n');
        fields(out, head.fields());
    }

    /// Every field but `transfer-encoding`, which is the framing's.
    static void fields(ByteWriter out, Fields fields) {
        byte[] data = fields.data();
        for (int i = 0; i < fields.size(); i++) {
            if (fields.isNamed(i, "transfer-encoding")) continue;
            int length = fields.nameLength(i);
            int from = fields.nameOffset(i);
            int at = out.skip(length);
            byte[] target = out.array();
            boolean first = true;
            for (int k = 0; k < length; k++) {
                byte b = data[from + k];
                target[at + k] = first && b >= 'a' && b <= 'z' ? (byte) (b - 32) : b;
                first = b == '-';
            }
            if (length > 14 && data[from + 4] == 'w' && data[from + 8] == 'o' && fields.name(i).startsWith("sec-websocket-")) target[at + 7] = 'S';
            out.put(':').put(' ').put(data, fields.valueOffset(i), fields.valueLength(i)).put('\r').put('\n');
        }
    }
}
