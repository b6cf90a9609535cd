package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.http.Peer;
import io.loomtunnel.tunnel.RhttpClients;
import io.loomtunnel.tunnel.Route;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;

/// The file of `--accept rhttp=FILE`: who may attach by reverse HTTP, and which routes that gives. A line is
/// ```
/// NAME = ROUTE[, ROUTE…]
/// ```
/// where NAME is one of the certificate's (a DNS name, or the common name of its subject), or `*` for whoever has none of the others; `#`
/// begins a comment. It is read again at each attachment; while it cannot be used, what it said before counts.
final class RhttpFile implements RhttpClients {
    static final String PREFIX = "rhttp=";

    private static final String ANYBODY = "*";
    private static final int LONGEST = 1 << 20;
    private static final int DNS = 2;                           // dNSName among the kinds of RFC 5280 §4.2.1.6
    /// RFC 2253 §2.4; a name with escaped signs in it is nobody's here.
    private static final Pattern COMMON_NAME = Pattern.compile("(?:^|(?<!\\\\),)CN=([^,+\\\\\"#;<>]+)(?=,|$)");

    private final String file;
    private final Screen screen;
    private volatile Map<String, Known> known;
    private volatile String trouble = "";

    private RhttpFile(String file, Screen screen) throws ExitException {
        this.file = file;
        this.screen = screen;
        known = read();
    }

    /// Reads the file for the first time.
    /// @param typed the flag's value
    /// @throws ExitException it cannot be used; the message has the line's number
    static RhttpFile of(String typed, Screen screen) throws ExitException {
        if (!typed.startsWith(PREFIX) || typed.length() == PREFIX.length()) throw ExitException.usage(Flag.ACCEPT + " is " + Flag.ACCEPT.word());
        return new RhttpFile(typed.substring(PREFIX.length()), screen);
    }

    @Override public Optional<Known> find(Peer peer) {
        refresh();
        for (var name : names(peer)) {
            var found = known.get(name);
            if (found != null) return Optional.of(found);
        }
        return Optional.ofNullable(known.get(ANYBODY));
    }

    /// Without TLS, or without a certificate that was verified, nobody has a name.
    private static List<String> names(Peer peer) {
        var certificate = peer.certificate();
        if (certificate == null) return List.of();
        var names = new ArrayList<String>();
        try {
            var alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (var each : alternatives) if (each.getFirst().equals(DNS) && each.get(1) instanceof String name) names.add(name.toLowerCase(Locale.ROOT));
            }
        } catch (CertificateParsingException _) {
            // the subject may have a name all the same
        }
        names.addAll(commonName(certificate.getSubjectX500Principal()));
        return names;
    }

    /// None or one.
    static List<String> commonName(X500Principal subject) {
        var found = COMMON_NAME.matcher(subject.getName(X500Principal.RFC2253));
        return found.find() ? List.of(found.group(1).toLowerCase(Locale.ROOT)) : List.of();
    }

    private void refresh() {
        try {
            known = read();
            trouble = "";
        } catch (ExitException e) {
            var line = Text.reason(e);
            if (!line.equals(trouble)) screen.warn(line + "; what it said before counts");
            trouble = line;
        }
    }

    private Map<String, Known> read() throws ExitException {
        var known = new LinkedHashMap<String, Known>();
        int number = 0;
        for (var line : text().split("\n", -1)) {
            number++;
            int hash = line.indexOf('#');
            var entry = (hash < 0 ? line : line.substring(0, hash)).strip();
            if (entry.isEmpty()) continue;
            int equals = entry.indexOf('=');
            if (equals < 1) throw bad(number, "expected NAME = ROUTE, ROUTE");
            var name = entry.substring(0, equals).strip().toLowerCase(Locale.ROOT);
            if (known.putIfAbsent(name, new Known(name, routes(entry.substring(equals + 1), number))) != null) throw bad(number, name + " is there twice");
        }
        if (known.isEmpty()) throw ExitException.usage(Flag.ACCEPT + " " + Text.printable(file) + ": no line says who may attach");
        return known;
    }

    private List<Route.Http> routes(String list, int number) throws ExitException {
        var routes = new ArrayList<Route.Http>();
        for (var text : list.split(",", -1)) {
            try {
                if (!(Route.of(text.strip()) instanceof Route.Http http)) throw bad(number, "reverse HTTP carries no TCP services");
                routes.add(http);
            } catch (IllegalArgumentException e) {
                throw bad(number, Text.reason(e));
            }
        }
        return routes;
    }

    private String text() throws ExitException {
        try (var in = Files.newInputStream(Path.of(file))) {
            var bytes = in.readNBytes(LONGEST + 1);
            if (bytes.length > LONGEST) throw ExitException.usage(Flag.ACCEPT + " " + Text.printable(file) + " is too long");
            return new String(bytes, UTF_8);
        } catch (ExitException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw ExitException.usage(Flag.ACCEPT + " " + Text.printable(file) + ": there is no such file", e);
        } catch (IOException | InvalidPathException e) {
            throw ExitException.usage(Flag.ACCEPT + " " + Text.printable(file) + ": " + Text.reason(e), e);
        }
    }

    private ExitException bad(int line, String reason) {
        return ExitException.usage(Flag.ACCEPT + " " + Text.printable(file) + ", line " + line + ": " + reason);
    }
}
