package io.loomtunnel.proxy;

import io.loomtunnel.http.Fields;
import java.util.Locale;

/// What an origin says of itself under another host than the visitor's, turned back: `Location` and `Content-Location` with its URL
/// get the visitor's, and a cookie for its domain, which a browser would refuse from the visitor's host, becomes one of that host
/// alone.
///
/// @param originScheme     by which the origin was asked
/// @param originAuthority  for which it was asked
/// @param visitorScheme    by which the visitor asked
/// @param visitorAuthority for which the visitor asked
record HostMapping(String originScheme, String originAuthority, String visitorScheme, String visitorAuthority) {
    /// The fields of a response for the visitor.
    /// @param fields is not changed
    /// @return the same when there is nothing to turn back
    Fields map(Fields fields) {
        if (!fields.has("location") && !fields.has("content-location") && !fields.has("set-cookie")) return fields;
        var mapped = new Fields(fields.bytes() + 256, fields.size());
        for (int i = 0; i < fields.size(); i++) {
            if (fields.isNamed(i, "location") || fields.isNamed(i, "content-location")) mapped.add(fields.name(i), url(fields.value(i)));
            else if (fields.isNamed(i, "set-cookie")) mapped.add("set-cookie", cookie(fields.value(i)));
            else mapped.addFrom(fields, i);
            if (fields.sensitive(i)) mapped.markSensitive(i);
        }
        return mapped;
    }

    /// An absolute URL of the origin, or one without a scheme, for the visitor; any other as it is. A scheme that is not the one by
    /// which the origin was asked was chosen on purpose: it stays.
    String url(String url) {
        int slashes = url.startsWith("//") ? 0 : url.indexOf("://") + 1;
        if (slashes == 0 && !url.startsWith("//")) return url;
        var scheme = url.substring(0, Math.max(0, slashes - 1)).toLowerCase(Locale.ROOT);
        if (!scheme.isEmpty() && !scheme.equals("http") && !scheme.equals("https")) return url;
        int from = slashes + 2;
        int end = from;
        while (end < url.length() && "/?#\\".indexOf(url.charAt(end)) < 0) end++;
        if (!comparable(url.substring(from, end), scheme.isEmpty() ? originScheme : scheme).equals(comparable(originAuthority, originScheme))) return url;
        var prefix = scheme.isEmpty() ? "//" : (scheme.equals(originScheme) ? visitorScheme : scheme) + "://";
        return prefix + visitorAuthority + url.substring(end);
    }

    /// A cookie without a Domain attribute that names the origin's host (RFC 6265 §5.2.3).
    String cookie(String cookie) {
        int value = cookie.indexOf(';');
        if (value < 0) return cookie;
        var kept = new StringBuilder(cookie.substring(0, value));
        boolean changed = false;
        for (var attribute : cookie.substring(value + 1).split(";", -1)) {
            if (namesOrigin(attribute)) changed = true;
            else kept.append(';').append(attribute);
        }
        return changed ? kept.toString() : cookie;
    }

    private boolean namesOrigin(String attribute) {
        int equals = attribute.indexOf('=');
        if (equals < 0 || !attribute.substring(0, equals).strip().equalsIgnoreCase("domain")) return false;
        var domain = attribute.substring(equals + 1).strip();
        return (domain.startsWith(".") ? domain.substring(1) : domain).equalsIgnoreCase(host(originAuthority));
    }

    private static String host(String authority) {
        int colon = authority.lastIndexOf(':');
        return colon < 0 || authority.indexOf(']', colon) >= 0 ? authority : authority.substring(0, colon);
    }

    private static String comparable(String authority, String scheme) {
        var text = authority.toLowerCase(Locale.ROOT);
        var usual = scheme.equals("https") ? ":443" : ":80";
        return text.endsWith(usual) && host(text).length() == text.length() - usual.length() ? host(text) : text;
    }
}
