package io.loomtunnel.cli;

import io.loomtunnel.tunnel.ProxyChoice;
import io.loomtunnel.tunnel.ServerProbe;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;

/// A doctor's look at the way to the server, from the name to the first answer.
final class ServerDiagnosis {
    private static final Duration SKEW = Duration.ofSeconds(60);       // certificates and tokens bear as much

    private final ServerUrl server;
    private final ProxyChoice proxies;
    private final SSLContext tls;                                      // null for a tunnel in clear
    private final String name;
    private final ServerProbe probe;
    private final Consumer<Finding> findings;

    /// @param name  that the server's certificate must be for
    /// @param probe of the server
    ServerDiagnosis(ServerUrl server, ProxyChoice proxies, SSLContext tls, String name, ServerProbe probe, Consumer<Finding> findings) {
        this.server = server;
        this.proxies = proxies;
        this.tls = tls;
        this.name = name;
        this.probe = probe;
        this.findings = findings;
    }

    /// Looks as far as it gets.
    /// @param ptth whether an answer by HTTP is to be expected
    /// @return whether it got through
    boolean run(boolean ptth) {
        return resolved() && connected() && encrypted() && (!ptth || answered());
    }

    private boolean resolved() {
        var host = server.endpoint().host();
        var proxy = proxies.proxyFor(host, server.endpoint().port());
        if (proxy.isPresent()) {
            findings.accept(Finding.ok("dns", "left to the proxy " + proxy.get() + ", which resolves " + host));
            return true;
        }
        try {
            var addresses = Arrays.stream(InetAddress.getAllByName(host)).map(InetAddress::getHostAddress).collect(Collectors.joining(", "));
            findings.accept(Finding.ok("dns", host + " is " + addresses));
            return true;
        } catch (UnknownHostException _) {
            findings.accept(Finding.bad("dns", host + " has no address: is it spelled right? behind a proxy that resolves names, say " + Flag.PROXY));
            return false;
        }
    }

    private boolean connected() {
        var proxy = proxies.proxyFor(server.endpoint().host(), server.endpoint().port());
        var check = proxy.isPresent() ? "proxy" : "tcp";
        long began = System.nanoTime();
        try {
            probe.connect();
            findings.accept(Finding.ok(check, proxy.map(each -> each + " connects to ").orElse("connected to ") + server.endpoint() + " in " + time(began)));
            return true;
        } catch (IOException e) {
            var advice = proxy.isPresent() ? "" : Text.reason(e).contains("efused") ? ": is the server running, with --bind on that port and not only on loopback?"
                    : ": does a firewall stand in between? behind a proxy, say " + Flag.PROXY;
            findings.accept(Finding.bad(check, Text.reason(e) + advice));
            return false;
        }
    }

    private boolean encrypted() {
        if (tls == null) {
            findings.accept(Finding.note("tls", "the tunnel is in clear: " + (server.isThisMachine() ? "it stays on this machine" : "everybody on the way may read it")));
            return true;
        }
        long began = System.nanoTime();
        try {
            var seen = probe.tls(null);
            findings.accept(new TlsDiagnosis(name, Instant.now()).good(seen, time(began)));
            return true;
        } catch (IOException e) {
            findings.accept(new TlsDiagnosis(name, Instant.now()).bad(e, presented()));
            return false;
        }
    }

    /// The server's certificate, whoever trusts it; null when TLS does not get as far.
    private ServerProbe.Tls presented() {
        try {
            return probe.tls(TunnelTls.everybody());
        } catch (IOException _) {
            return null;
        }
    }

    private boolean answered() {
        long began = System.nanoTime();
        try {
            var greeting = probe.greeting();
            var took = time(began);
            clock(greeting.date());
            if (greeting.ptth()) findings.accept(Finding.ok("server", "a server for tunnels, which answers in " + took));
            else if (greeting.status() == 429) findings.accept(Finding.bad("server", "too many failed attempts from this address: wait a minute, and check the token"));
            else findings.accept(Finding.bad("server", "it answers " + greeting.status() + " and offers no tunnels: " + Flag.SERVER + " takes the port of the server's " + Flag.BIND));
            return greeting.ptth();
        } catch (IOException e) {
            findings.accept(Finding.bad("server", silence(e)));
            return false;
        }
    }

    private String silence(IOException e) {
        var reason = Text.reason(e);
        if (reason.contains("certificate_required") || reason.contains("bad_certificate")) {
            return "it wants a certificate of ours that it knows: " + Flag.CLIENT_CERT + " FILE " + Flag.CLIENT_KEY + " FILE";
        }
        return "no answer: " + reason + (tls == null ? ": does this port want TLS? then " + Flag.SERVER + " begins with https://" : "");
    }

    private void clock(Instant date) {
        if (date == null) {
            findings.accept(Finding.note("clock", "the server does not tell its time"));
            return;
        }
        var ahead = Duration.between(date, Instant.now());
        if (ahead.abs().compareTo(SKEW) <= 0) {
            findings.accept(Finding.ok("clock", "as the server's, within " + (Math.abs(ahead.toSeconds()) + 1) + " s"));
        } else {
            findings.accept(Finding.bad("clock", "this machine's is " + ahead.abs().toSeconds() + " s " + (ahead.isNegative() ? "behind" : "ahead of")
                    + " the server's: set the wrong one (timedatectl set-ntp true), for certificates and tokens end by it"));
        }
    }

    static String time(long began) {
        return (System.nanoTime() - began) / 1_000_000 + " ms";
    }
}
