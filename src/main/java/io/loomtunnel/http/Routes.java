package io.loomtunnel.http;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Finds by host and path. The more exact host wins: `app.example.com`, then `*.example.com`, then `*.com`, then `*`;
/// of one host's paths the longest one that is a prefix of the request's, by whole segments.
///
/// A path is compared as it will be forwarded, but for characters that are percent-encoded without need. Where prefixes decide,
/// one with dot segments is refused: the origin might take it for a path that lies elsewhere.
///
/// Look-ups take no lock and may run while routes come and go; changes are made by one thread at a time.
///
/// @param <T> what is found
public final class Routes<T> {
    private static final String CATCH_ALL = "*";

    private final Map<String, Host<T>> exact = new ConcurrentHashMap<>();
    private final Map<String, Host<T>> wildcards = new ConcurrentHashMap<>();      // by what follows the `*.`

    /// One host's paths, the longest first; never changed.
    private record Host<T>(String[] prefixes, T[] targets) {
        T find(String path) throws MalformedMessageException {
            if (prefixes.length == 1 && prefixes[0].isEmpty()) return targets[0];
            var compared = RoutePath.compared(path);
            if (RoutePath.hasDots(compared)) throw new MalformedMessageException("The path has dot segments.");
            return longest(compared);
        }

        private T longest(String path) {
            for (int i = 0; i < prefixes.length; i++) if (covers(prefixes[i], path)) return targets[i];
            return null;
        }

        Host<T> with(String prefix, T target) {
            var rest = without(prefix);
            int at = 0;
            while (at < rest.prefixes.length && rest.prefixes[at].length() >= prefix.length()) at++;
            return new Host<>(inserted(rest.prefixes, at, prefix), inserted(rest.targets, at, target));
        }

        Host<T> without(String prefix) {
            int at = Arrays.asList(prefixes).indexOf(prefix);
            return at < 0 ? this : new Host<>(removed(prefixes, at), removed(targets, at));
        }

        private static boolean covers(String prefix, String path) {
            if (!path.startsWith(prefix)) return false;
            if (path.length() == prefix.length() || prefix.isEmpty() || prefix.endsWith("/")) return true;
            return path.charAt(prefix.length()) == '/';
        }

        private static <E> E[] inserted(E[] array, int at, E element) {
            var more = Arrays.copyOf(array, array.length + 1);
            System.arraycopy(array, at, more, at + 1, array.length - at);
            more[at] = element;
            return more;
        }

        private static <E> E[] removed(E[] array, int at) {
            var fewer = Arrays.copyOf(array, array.length - 1);
            System.arraycopy(array, at + 1, fewer, at, fewer.length - at);
            return fewer;
        }
    }

    /// No routes.
    public Routes() {}

    /// Adds a route, or replaces what the same host and path led to.
    /// @param host   a name in lower case and without a trailing dot, an address, `*.NAME` or `*`
    /// @param path   empty for the whole host, else a prefix that begins with a slash
    /// @param target what requests for it will find
    public void put(String host, String path, T target) {
        var none = new Host<T>(new String[0], targets());
        table(host).merge(key(host), none.with(path, target), (present, _) -> present.with(path, target));
    }

    /// Removes a route. Does nothing when there is none.
    /// @param host as it was put
    /// @param path as it was put
    public void remove(String host, String path) {
        table(host).computeIfPresent(key(host), (_, present) -> {
            var rest = present.without(path);
            return rest.prefixes.length == 0 ? null : rest;
        });
    }

    /// Finds what a request leads to.
    /// @param authority host with or without a port, in any case; may be empty
    /// @param path      of the request, with or without its query
    /// @return the target of the best route, or null when there is none
    /// @throws MalformedMessageException (400) the host has paths, and this one has dot segments
    public T find(String authority, String path) throws MalformedMessageException {
        var host = host(authority);
        var found = at(exact.get(host), path);
        int dot = wildcards.isEmpty() ? -1 : host.indexOf('.');
        for (; found == null && dot >= 0; dot = host.indexOf('.', dot + 1)) {
            found = at(wildcards.get(host.substring(dot + 1)), path);
        }
        return found != null ? found : at(exact.get(CATCH_ALL), path);
    }

    /// The host of an authority, as names are compared.
    /// @param authority host and optional port
    /// @return the host in lower case, without port and trailing dot; an IPv6 address in brackets and in one spelling
    public static String host(String authority) {
        if (authority.startsWith("[")) return address(authority);
        int end = authority.length();
        int colon = authority.lastIndexOf(':');
        if (colon >= 0) end = colon;
        if (end > 1 && authority.charAt(end - 1) == '.') end--;
        return authority.substring(0, end).toLowerCase(Locale.ROOT);
    }

    /// A path prefix in the spelling in which it is compared.
    /// @param path begins with a slash, or is empty
    /// @return without needless percent-encoding
    /// @throws IllegalArgumentException it has dot segments, so that no request will ever match it
    public static String path(String path) {
        var compared = RoutePath.compared(path);
        if (RoutePath.hasDots(compared)) throw new IllegalArgumentException("a path prefix with dot segments: " + path);
        return compared;
    }

    private static String address(String authority) {
        int end = authority.indexOf(']') + 1;
        try {
            return '[' + IpText.of(InetAddress.ofLiteral(authority.substring(1, Math.max(1, end - 1)))) + ']';
        } catch (IllegalArgumentException _) {
            return authority;                          // that nobody registers
        }
    }

    private static <T> T at(Host<T> host, String path) throws MalformedMessageException {
        return host == null ? null : host.find(path);
    }

    private Map<String, Host<T>> table(String host) {
        return host.startsWith("*.") ? wildcards : exact;
    }

    private static String key(String host) {
        return host.startsWith("*.") ? host.substring(2) : host;
    }

    @SuppressWarnings("unchecked")
    private T[] targets() {
        return (T[]) new Object[0];
    }
}
