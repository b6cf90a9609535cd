package io.loomtunnel.tunnel;

import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// One token of a list, and what its clients may have. The secret itself is not here, only its SHA-256: with 256 random bits in it,
/// nobody finds the secret by the digest.
///
/// @param id          names the token in the list, in logs and in the registry: 1 to 64 letters, digits, `-`, `_` and `.`, the first one a
///                    letter or a digit
/// @param sha256      of the secret, 64 hexadecimal digits
/// @param hosts       that may be registered, with all their paths: `app.example.com`; `*.example.com` for that wildcard and
///                    every host below it; `*` for everything
/// @param tcp         names of TCP services that may be registered; `*` for all
/// @param connections of clients to the server at once, at least 1; [#UNLIMITED] for no limit
/// @param streams     requests and TCP connections of visitors at once, over all connections, at least 1; [#UNLIMITED] for no limit
/// @param expires     from when on it is good for nothing; [Instant#MAX] for never
/// @param revoked     when it was revoked; [Instant#MAX] when it was not
public record TokenEntry(String id, String sha256, List<String> hosts, List<String> tcp, int connections, int streams,
                         Instant expires, Instant revoked) {
    /// No limit to a number.
    public static final int UNLIMITED = Integer.MAX_VALUE;

    private static final String PREFIX = "lt_";        // by which scanners for leaked secrets can know ours
    private static final int SECRET_BYTES = 32;
    private static final int DIGEST_DIGITS = 64;
    private static final int MAX_ID = 64;
    private static final String EVERYTHING = "*";

    /// Refuses what is no entry; names become canonical.
    /// @throws IllegalArgumentException something is not what it must be; the message says what, and never has the digest
    public TokenEntry {
        checkId(id);
        if (!isDigest(sha256)) throw new IllegalArgumentException("sha256 must be " + DIGEST_DIGITS + " hexadecimal digits");
        sha256 = sha256.toLowerCase();
        hosts = hosts.stream().map(TokenEntry::host).distinct().toList();
        tcp = tcp.stream().map(TokenEntry::tcpName).distinct().toList();
        if (hosts.isEmpty() && tcp.isEmpty()) throw new IllegalArgumentException("neither host nor tcp says what it may have; * means all");
        if (connections < 1) throw new IllegalArgumentException("connections " + connections);
        if (streams < 1) throw new IllegalArgumentException("streams " + streams);
        if (expires == null || revoked == null) throw new NullPointerException("a time");
    }

    /// A secret that nobody can guess: 256 random bits.
    /// @return printable ASCII without spaces
    public static String newSecret() {
        var bytes = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(bytes);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /// What stands for a secret in a list.
    /// @param secret printable ASCII without spaces
    /// @return its SHA-256 in hexadecimal
    /// @throws IllegalArgumentException it can be no token
    public static String digest(String secret) {
        return HexFormat.of().formatHex(BearerToken.sha256(BearerToken.checked(secret)));
    }

    /// Reads a list: one entry a line; empty lines and those that begin with `#` are passed over.
    /// @param text the whole of it
    /// @return in their order; empty when there is none
    /// @throws IllegalArgumentException a line is no entry, or an id or a secret is there twice; the message begins with the line's number
    public static List<TokenEntry> parseAll(String text) {
        var entries = new ArrayList<TokenEntry>();
        var ids = new HashSet<String>();
        var secrets = new HashSet<String>();
        int number = 0;
        for (var line : text.split("\n", -1)) {
            number++;
            if (isComment(line)) continue;
            try {
                var entry = parse(line);
                if (!ids.add(entry.id)) throw new IllegalArgumentException("id " + entry.id + " is there twice");
                if (!secrets.add(entry.sha256)) throw new IllegalArgumentException("its secret is that of another line, too");
                entries.add(entry);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
            }
        }
        return List.copyOf(entries);
    }

    /// Whether a line of a list holds no entry.
    /// @param line without its end
    /// @return true for an empty line and a comment
    public static boolean isComment(String line) {
        return line.isBlank() || line.strip().startsWith("#");
    }

    /// Reads one line of a list: `id=NAME sha256=HEX host=HOST,… tcp=NAME,… connections=N streams=N expires=TIME revoked=TIME`, in any order.
    /// @param line without its end
    /// @return the entry
    /// @throws IllegalArgumentException it is none; the message says why
    public static TokenEntry parse(String line) {
        var words = new HashMap<String, String>();
        for (var word : line.strip().split("\\s+")) {
            int equals = word.indexOf('=');
            var key = equals < 0 ? "" : word.substring(0, equals);
            switch (key) {
                case "id", "sha256", "host", "tcp", "connections", "streams", "expires", "revoked" -> { }
                default -> throw new IllegalArgumentException("a word is none of id=, sha256=, host=, tcp=, connections=, streams=, expires=, revoked=");
            }
            if (words.put(key, word.substring(equals + 1)) != null) throw new IllegalArgumentException(key + "= is there twice");
        }
        return new TokenEntry(words.getOrDefault("id", ""), words.getOrDefault("sha256", ""), list(words.get("host")), list(words.get("tcp")),
                count(words, "connections"), count(words, "streams"), time(words, "expires"), time(words, "revoked"));
    }

    /// Writes the entry as [#parse] reads it.
    /// @return one line without its end, with the digest
    public String line() {
        var line = new StringBuilder("id=").append(id).append(" sha256=").append(sha256);
        if (!hosts.isEmpty()) line.append(" host=").append(String.join(",", hosts));
        if (!tcp.isEmpty()) line.append(" tcp=").append(String.join(",", tcp));
        if (connections != UNLIMITED) line.append(" connections=").append(connections);
        if (streams != UNLIMITED) line.append(" streams=").append(streams);
        if (!expires.equals(Instant.MAX)) line.append(" expires=").append(expires);
        if (isRevoked()) line.append(" revoked=").append(revoked);
        return line.toString();
    }

    /// Whether it was revoked.
    /// @return true for good
    public boolean isRevoked() {
        return !revoked.equals(Instant.MAX);
    }

    /// The same, revoked.
    /// @param when to the second; kept when it is revoked already
    /// @return good for nothing
    public TokenEntry revoked(Instant when) {
        return isRevoked() ? this : new TokenEntry(id, sha256, hosts, tcp, connections, streams, expires, when.truncatedTo(ChronoUnit.SECONDS));
    }

    /// Why it is good for nothing, if so.
    /// @param now the time
    /// @return one line; empty while it is good
    public String ended(Instant now) {
        if (isRevoked()) return "this token was revoked";
        return now.isBefore(expires) ? "" : "this token expired at " + expires;
    }

    /// Why its clients may not serve these routes, if so.
    /// @param routes of one client
    /// @return one line, which names a route; empty when all are allowed
    public String forbidden(List<Route> routes) {
        for (var route : routes) {
            switch (route) {
                case Route.Http http -> {
                    if (!mayHave(http)) return "this token may not have " + shown(http) + "; " + choice("host", hosts);
                }
                case Route.Tcp service -> {
                    if (!mayHave(service)) return "this token may not have the TCP service " + service.name() + "; " + choice("TCP service", tcp);
                }
            }
        }
        return "";
    }

    private boolean mayHave(Route.Http route) {
        for (var host : hosts) {
            if (host.equals(EVERYTHING) || host.equals(route.host())) return true;
            if (host.startsWith("*.") && route.host().endsWith(host.substring(1))) return true;
        }
        return false;
    }

    private boolean mayHave(Route.Tcp route) {
        return tcp.contains(EVERYTHING) || tcp.contains(route.name());
    }

    private static String shown(Route.Http route) {
        return route.host().equals(EVERYTHING) ? "every other host" : route.host();
    }

    private static String choice(String what, List<String> allowed) {
        return allowed.isEmpty() ? "it may have no " + what : "it may have " + String.join(", ", allowed);
    }

    /// Without the digest.
    @Override public String toString() {
        return "TokenEntry[" + id + "]";
    }

    private static void checkId(String id) {
        boolean good = !id.isEmpty() && id.length() <= MAX_ID;
        for (int i = 0; good && i < id.length(); i++) {
            char c = id.charAt(i);
            good = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || i > 0 && (c == '-' || c == '_' || c == '.');
        }
        if (!good) throw new IllegalArgumentException("an id has 1 to " + MAX_ID + " letters, digits, '-', '_' and '.', and begins with a letter or a digit");
    }

    private static boolean isDigest(String text) {
        if (text.length() != DIGEST_DIGITS) return false;
        for (int i = 0; i < text.length(); i++) if (!HexFormat.isHexDigit(text.charAt(i))) return false;
        return true;
    }

    private static String host(String text) {
        var route = Route.Http.of(text);
        if (!route.path().isEmpty()) throw new IllegalArgumentException("host " + text + ": a token has a host with all its paths");
        return route.host();
    }

    private static String tcpName(String text) {
        return text.equals(EVERYTHING) ? text : new Route.Tcp(text).name();
    }

    private static List<String> list(String value) {
        return value == null || value.isEmpty() ? List.of() : Arrays.asList(value.split(",", -1));
    }

    private static int count(Map<String, String> words, String key) {
        var value = words.get(key);
        if (value == null) return UNLIMITED;
        try {
            int count = Integer.parseInt(value);
            if (count > 0) return count;
        } catch (NumberFormatException _) {
            // said below
        }
        throw new IllegalArgumentException(key + " must be a number from 1 on");
    }

    private static Instant time(Map<String, String> words, String key) {
        var value = words.get(key);
        if (value == null) return Instant.MAX;
        try {
            return Instant.parse(value);
        } catch (DateTimeException _) {
            throw new IllegalArgumentException(key + " must be a time as 2027-01-31T00:00:00Z");
        }
    }
}
