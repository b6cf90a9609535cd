package io.loomtunnel.cli;

import io.loomtunnel.tunnel.TokenEntry;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;

/// The flags that say what a new token may have. None has a variable: those of the same names belong to servers and clients.
final class TokenRights {
    static final Flag ID = flag("id", "ID", Flag.Many.ONCE, "the token's name in the list, in logs and for revoke; not secret");
    static final Flag HOST = flag("host", "HOST", Flag.Many.OFTEN, "may be served: app.example.com, *.example.com with all below it, or * for all");
    static final Flag TCP = flag("tcp", "NAME", Flag.Many.OFTEN, "TCP service that may be served, or * for all");
    static final Flag CONNECTIONS = flag("connections", "N", Flag.Many.ONCE, "connections to the server at once (no limit)");
    static final Flag STREAMS = flag("streams", "N", Flag.Many.ONCE, "visitors' requests and TCP connections at once: then 503 (no limit)");
    static final Flag EXPIRES = flag("expires", "WHEN", Flag.Many.ONCE, "30d, 12h, 2027-01-31 or 2027-01-31T18:00:00Z, in UTC (never)");
    static final List<Flag> FLAGS = List.of(ID, HOST, TCP, CONNECTIONS, STREAMS, EXPIRES);

    private TokenRights() {}

    private static Flag flag(String name, String word, Flag.Many many, String help) {
        return new Flag(name, word, many, help);
    }

    /// The entry that the flags describe.
    /// @throws ExitException one makes no sense
    static TokenEntry entry(Arguments arguments, String secret, Instant now) throws ExitException {
        var id = arguments.value(ID, "");
        if (id.isEmpty()) throw ExitException.usage("what is the token's name? loomtunnel token create NAME");
        var hosts = arguments.values(HOST);
        var tcp = arguments.values(TCP);
        if (hosts.isEmpty() && tcp.isEmpty()) {
            throw ExitException.usage("what may it have? add " + HOST + " " + HOST.word() + " or " + TCP + " " + TCP.word() + "; " + HOST + " '*' means all");
        }
        try {
            return new TokenEntry(id, TokenEntry.digest(secret), hosts, tcp, count(arguments, CONNECTIONS), count(arguments, STREAMS),
                    expiry(arguments.value(EXPIRES, ""), now), Instant.MAX);
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(Text.reason(e), e);
        }
    }

    private static int count(Arguments arguments, Flag flag) throws ExitException {
        var text = arguments.value(flag, "");
        return text.isEmpty() ? TokenEntry.UNLIMITED : Quantity.count(text, flag.toString(), 1);
    }

    /// Reads a time from now, a day's beginning or a time.
    static Instant expiry(String text, Instant now) throws ExitException {
        if (text.isEmpty()) return Instant.MAX;
        try {
            Instant time;
            if (text.matches("\\d{1,5}d")) time = now.plus(Duration.ofDays(Integer.parseInt(text.substring(0, text.length() - 1))));
            else if (text.matches("\\d{4}-\\d\\d-\\d\\d")) time = LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
            else if (text.indexOf('T') > 0) time = Instant.parse(text);
            else time = now.plus(Quantity.time(text, EXPIRES.toString()));
            if (!time.isAfter(now)) throw ExitException.usage(EXPIRES + " " + Text.printable(text) + " is not in the future");
            return time.truncatedTo(ChronoUnit.SECONDS);
        } catch (DateTimeException e) {
            throw ExitException.usage(EXPIRES + " " + Text.printable(text) + ": expected 30d, 12h, 2027-01-31 or 2027-01-31T18:00:00Z", e);
        }
    }
}
