package io.loomtunnel.cli;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.pool.ConnectionPool;
import io.loomtunnel.pool.Origin;
import io.loomtunnel.proxy.HostHeader;
import io.loomtunnel.proxy.TcpOrigin;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;

/// A doctor's look at the programs beside the client, and at what they make of the visitors' Host.
final class TargetDiagnosis {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int LOOKED_AT = 4096;                     // bytes of an answer
    private static final String OLD_REFUSAL = "Invalid Host header";   // of development servers that answer 200 with it

    private final ConnectionPool pool;
    private final HostHeader hosts;
    private final Consumer<Finding> findings;

    /// @param hosts which host targets are asked for
    TargetDiagnosis(ConnectionPool pool, HostHeader hosts, Consumer<Finding> findings) {
        this.pool = pool;
        this.hosts = hosts;
        this.findings = findings;
    }

    private record Answer(int status, boolean refusal) {
        boolean good() {
            return status < 400 && !refusal;
        }
    }

    /// Asks a target as a visitor would have it asked.
    /// @param visitors host of the visitor
    void http(Service service, String visitors) {
        var origin = Origin.of(service.origin());
        var host = hosts.authority(visitors, origin);
        try {
            var answer = ask(origin, host);
            if (answer.status() >= 500) {
                findings.accept(Finding.bad("target", service.origin() + " answers " + answer.status() + " to GET / for " + host + ": its own log will say why"));
            } else if (!answer.good() && refusesTheName(origin, host)) {
                findings.accept(Finding.bad("host", service.origin() + " refuses the name " + host + " (" + answer.status() + ") and answers to its own: say " + Flag.HOST_HEADER
                        + " rewrite, or add the name to those that it allows"));
            } else {
                findings.accept(Finding.ok("target", service.origin() + " answers " + answer.status() + " to GET / for " + host));
            }
        } catch (IOException e) {
            findings.accept(Finding.bad("target", Text.reason(e)));
        }
    }

    private boolean refusesTheName(Origin origin, String host) throws IOException {
        var own = HostHeader.REWRITE.authority("", origin);
        return !own.equals(host) && ask(origin, own).good();
    }

    private Answer ask(Origin origin, String host) throws IOException {
        try (var lease = pool.lease(origin)) {
            var fields = Fields.of("accept", "*/*", "user-agent", "loomtunnel-doctor");
            var transaction = lease.connection().send(new RequestHead("GET", origin.requestScheme(), host, "/", fields));
            transaction.content().end();
            var deadline = Deadline.after(LIMIT);
            var head = transaction.response(deadline);
            while (head.interim()) head = transaction.response(deadline);
            var text = new String(transaction.body().readNBytes(LOOKED_AT), StandardCharsets.ISO_8859_1);
            transaction.cancel();
            return new Answer(head.status(), text.startsWith(OLD_REFUSAL));
        }
    }

    /// Dials the target of a TCP service.
    void tcp(String name, TcpOrigin target) {
        try {
            Dialer.DEFAULT.connect(target.host(), target.port(), LIMIT).close();
            findings.accept(Finding.ok("target", target + " accepts connections, for " + name));
        } catch (IOException e) {
            findings.accept(Finding.bad("target", Text.reason(e) + ", for " + name + ": is the program running?"));
        }
    }
}
