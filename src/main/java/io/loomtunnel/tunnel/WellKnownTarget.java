package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.http.MalformedMessageException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/// The target of the handshake, `/.well-known/ptth/{serialized_origin}/`: exact hosts as origins, percent-encoded
/// (RFC 6570 §3.2.2) and joined by commas.
final class WellKnownTarget {
    static final String PREFIX = "/.well-known/ptth/";

    /// Stands for "no exact host": no origin list, having no `://`.
    private static final String NO_ORIGIN = "loomtunnel";

    private WellKnownTarget() {}

    /// The target that names these routes, which are exact ones.
    static String of(List<Route.Http> exact) {
        if (exact.isEmpty()) return PREFIX + NO_ORIGIN + '/';
        var target = new StringBuilder(PREFIX);
        for (var route : exact) {
            if (target.length() > PREFIX.length()) target.append(',');
            encode("http://" + route.host(), target);
        }
        return target.append('/').toString();
    }

    /// The exact routes that a target names.
    /// @param path begins with [#PREFIX]
    /// @throws MalformedMessageException (400) it names something else than origins of http or https
    static List<Route.Http> parse(String path) throws MalformedMessageException {
        int end = path.length() - 1;
        if (end <= PREFIX.length() || path.charAt(end) != '/' || path.indexOf('/', PREFIX.length()) != end) {
            throw new MalformedMessageException("the target is not /.well-known/ptth/ORIGINS/");
        }
        var origins = path.substring(PREFIX.length(), end);
        if (origins.equals(NO_ORIGIN)) return List.of();
        var routes = new ArrayList<Route.Http>();
        for (var origin : decode(origins).split(",", -1)) routes.add(route(origin));
        return routes;
    }

    /// Scheme and port are accepted and not compared: one registration serves http, https and every port.
    private static Route.Http route(String origin) throws MalformedMessageException {
        int scheme = origin.indexOf("://");
        var name = scheme < 0 ? "" : origin.substring(0, scheme).toLowerCase(Locale.ROOT);
        if (!name.equals("http") && !name.equals("https")) {
            throw new MalformedMessageException("the target has something else than origins of http or https");
        }
        var host = origin.substring(scheme + 3);
        int colon = host.lastIndexOf(':');
        if (colon > host.lastIndexOf(']')) {
            if (!isPort(host.substring(colon + 1))) {
                throw new MalformedMessageException("the target has an origin with a bad port");
            }
            host = host.substring(0, colon);
        }
        try {
            var route = new Route.Http(host, "");
            if (route.exact()) return route;
        } catch (IllegalArgumentException _) {
            // said below, without repeating what was sent
        }
        throw new MalformedMessageException("the target has an origin whose host is not a host name");
    }

    private static boolean isPort(String digits) {
        if (digits.isEmpty() || digits.length() > 5) return false;
        for (int i = 0; i < digits.length(); i++) if (digits.charAt(i) < '0' || digits.charAt(i) > '9') return false;
        return Integer.parseInt(digits) <= 0xffff;
    }

    private static void encode(String origin, StringBuilder target) {
        for (byte b : origin.getBytes(ISO_8859_1)) {
            char c = (char) (b & 0xff);
            boolean unreserved = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
                    || "-._~".indexOf(c) >= 0;
            if (unreserved) target.append(c);
            else target.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
        }
    }

    private static String decode(String text) throws MalformedMessageException {
        var bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                boolean whole = i + 2 < text.length() && HexFormat.isHexDigit(text.charAt(i + 1))
                        && HexFormat.isHexDigit(text.charAt(i + 2));
                if (!whole) {
                    throw new MalformedMessageException("the target has a broken percent-encoding");
                }
                c = (char) HexFormat.fromHexDigits(text, i + 1, i + 3);
                i += 2;
            }
            if (c <= ' ' || c > '~') throw new MalformedMessageException("the target has an origin that is not ASCII");
            bytes.write(c);
        }
        return bytes.toString(ISO_8859_1);
    }
}
