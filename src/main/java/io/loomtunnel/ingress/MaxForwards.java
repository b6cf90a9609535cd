package io.loomtunnel.ingress;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.HttpDate;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import java.io.IOException;

/// The field `Max-Forwards` of TRACE and OPTIONS (RFC 9110 §7.6.2): which hop is to answer. Both ends of a tunnel count as one.
final class MaxForwards {
    private static final int DIGITS = 18;           // a larger number is as good as this one

    private MaxForwards() {}

    /// Whether we are the hop that is to answer.
    static boolean ended(RequestHead request) {
        return counts(request) && value(request.fields()) == 0;
    }

    /// Takes our hop off.
    /// @param fields of the request that is forwarded
    static void count(RequestHead request, Fields fields) {
        if (!counts(request)) return;
        long left = value(request.fields());
        if (left > 0) fields.set("max-forwards", Long.toString(left - 1));
    }

    /// Answers in the place of the origin: TRACE with what arrived here, but for secrets (§9.3.8), OPTIONS with nothing.
    static void respond(Exchange exchange) throws IOException {
        var request = exchange.request();
        boolean trace = request.method().equals("TRACE");
        var content = trace ? text(request, exchange.version()).getBytes(ISO_8859_1) : new byte[0];
        var fields = Fields.of("content-length", Integer.toString(content.length), "cache-control", "no-store");
        if (trace) fields.add("content-type", "message/http").add("x-content-type-options", "nosniff");
        HttpDate.stamp(fields);
        var sink = exchange.respond(new ResponseHead(200, fields));
        sink.write(content);
        sink.end();
    }

    private static boolean counts(RequestHead request) {
        return request.method().equals("OPTIONS") || request.method().equals("TRACE");
    }

    /// @return -1 when there is no number, or more than one
    private static long value(Fields fields) {
        int i = fields.find("max-forwards", 0);
        if (i < 0 || fields.find("max-forwards", i + 1) >= 0) return -1;
        var digits = fields.value(i);
        for (int at = 0; at < digits.length(); at++) if (digits.charAt(at) < '0' || digits.charAt(at) > '9') return -1;
        if (digits.isEmpty()) return -1;
        return digits.length() > DIGITS ? Long.MAX_VALUE : Long.parseLong(digits);
    }

    private static String text(RequestHead request, String version) {
        var text = new StringBuilder("TRACE ").append(request.path()).append(" HTTP/").append(version.equals("2.0") ? "2" : version).append("\r\n");
        if (!request.authority().isEmpty()) text.append("host: ").append(request.authority()).append("\r\n");
        var fields = request.fields();
        for (int i = 0; i < fields.size(); i++) {
            if (!secret(fields, i)) text.append(fields.name(i)).append(": ").append(fields.value(i)).append("\r\n");
        }
        return text.append("\r\n").toString();
    }

    private static boolean secret(Fields fields, int i) {
        return fields.sensitive(i) || fields.isNamed(i, "cookie") || fields.isNamed(i, "authorization") || fields.isNamed(i, "proxy-authorization");
    }
}
