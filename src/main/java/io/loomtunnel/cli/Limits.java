package io.loomtunnel.cli;

import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.TcpIngressConfig;
import io.loomtunnel.ingress.VisitorLimits;
import io.loomtunnel.pool.PoolConfig;
import io.loomtunnel.tunnel.TunnelSessions;
import java.time.Duration;
import java.util.List;

/// The flags of limits and time-outs, and the configuration that they make. The help lists them apart from the others.
final class Limits {
    static final Flag MAX_CONNECTIONS = flag("max-connections", "N", "visitors' connections at once; further ones wait (10000)");
    static final Flag MAX_STREAMS = flag("max-streams", "N", "requests at once on an HTTP/2 connection (100)");
    static final Flag MAX_REQUEST_LINE = flag("max-request-line", "SIZE", "method, target and version together: else 414 (8k)");
    static final Flag MAX_FIELD_SECTION = flag("max-field-section", "SIZE", "all header fields together: else 431 (64k)");
    static final Flag MAX_FIELDS = flag("max-fields", "N", "number of header fields: else 431 (200)");
    static final Flag MAX_REQUEST_BODY = flag("max-request-body", "SIZE", "content of a request: else 413 (off)");
    static final Flag MAX_RESPONSE_BODY = flag("max-response-body", "SIZE", "content of a response: else 502, or it is cut (off)");
    static final Flag HEAD_TIMEOUT = flag("head-timeout", "TIME", "for a whole request head: then 408 (10s)");
    static final Flag CONTENT_TIMEOUT = flag("content-timeout", "TIME", "without a byte of a request's content: then 408 (30s)");
    static final Flag IDLE_TIMEOUT = flag("idle-timeout", "TIME", "between two requests of a connection (75s)");
    static final Flag WRITE_TIMEOUT = flag("write-timeout", "TIME", "for a visitor who takes nothing of a response (60s)");
    static final Flag SERVER_RESPONSE_TIMEOUT = flag("response-timeout", "TIME", "for the head of a response: then 504 (65s)");
    static final Flag TCP_IDLE_TIMEOUT = flag("tcp-idle-timeout", "TIME", "without a byte in either direction of a TCP connection (off)");
    static final Flag HOLD = flag("hold", "TIME", "a visitor waits for a client that left a moment ago: then 503 (5s)");
    static final Flag GRACE = flag("grace", "TIME", "what is under way has to end in, after a signal (30s)");
    static final Flag DRAIN_DELAY = flag("drain-delay", "TIME", "after a signal, while /ready fails, visitors still come in; off without --metrics (5s)");

    static final Flag CONNECTIONS = flag("connections", "N", "connections to each server that visitors are spread over (1)");
    static final Flag CONNECT_TIMEOUT = flag("connect-timeout", "TIME", "for a connection to a target: then 502 (5s)");
    static final Flag RESPONSE_TIMEOUT = flag("response-timeout", "TIME", "for the head of a target's response: then 504 (60s)");
    static final Flag MAX_IDLE = flag("max-idle", "N", "unused connections kept for each target (256)");
    static final Flag TARGET_IDLE_TIMEOUT = flag("target-idle-timeout", "TIME", "how long they are kept (90s)");
    static final Flag EVICTION_INTERVAL = flag("eviction-interval", "TIME", "how often they are looked through (30s)");

    static final List<Flag> SERVER = List.of(MAX_CONNECTIONS, MAX_STREAMS, MAX_REQUEST_LINE, MAX_FIELD_SECTION, MAX_FIELDS, MAX_REQUEST_BODY,
            MAX_RESPONSE_BODY, HEAD_TIMEOUT, CONTENT_TIMEOUT, IDLE_TIMEOUT, WRITE_TIMEOUT, SERVER_RESPONSE_TIMEOUT, TCP_IDLE_TIMEOUT, HOLD,
            DRAIN_DELAY, GRACE);
    static final List<Flag> CLIENT = List.of(CONNECTIONS, CONNECT_TIMEOUT, RESPONSE_TIMEOUT, MAX_IDLE, TARGET_IDLE_TIMEOUT, EVICTION_INTERVAL, GRACE);

    private final Arguments arguments;

    Limits(Arguments arguments) {
        this.arguments = arguments;
    }

    private static Flag flag(String name, String word, String help) {
        return new Flag(name, word, Flag.Many.ONCE, help);
    }

    /// What the server's visitors may do.
    /// @param config with everything that is no limit
    /// @throws ExitException a value makes no sense
    IngressConfig of(IngressConfig config) throws ExitException {
        var usual = config.limits();
        return config
                .withLimits(new VisitorLimits(count(MAX_CONNECTIONS, usual.maxConnections(), 1), count(MAX_STREAMS, usual.maxStreams(), 1),
                        small(MAX_REQUEST_LINE, usual.maxRequestLine()), small(MAX_FIELD_SECTION, usual.maxFieldBytes()),
                        count(MAX_FIELDS, usual.maxFields(), 1),
                        size(MAX_REQUEST_BODY, usual.maxRequestBody()), size(MAX_RESPONSE_BODY, usual.maxResponseBody()),
                        some(HEAD_TIMEOUT, usual.headTimeout()), some(CONTENT_TIMEOUT, usual.contentTimeout()),
                        some(IDLE_TIMEOUT, usual.idleTimeout()), some(WRITE_TIMEOUT, usual.writeTimeout())))
                .withResponseTimeout(time(SERVER_RESPONSE_TIMEOUT, config.responseTimeout())).withHold(time(HOLD, config.hold()));
    }

    /// What the visitors of each TCP service may do.
    /// @param config with everything that is no limit
    /// @throws ExitException a value makes no sense
    TcpIngressConfig of(TcpIngressConfig config) throws ExitException {
        return config.withMaxConnections(count(MAX_CONNECTIONS, config.maxConnections(), 1)).withHold(time(HOLD, config.hold()))
                .withIdleTimeout(time(TCP_IDLE_TIMEOUT, config.idleTimeout()));
    }

    /// How the client's connections to its targets are kept.
    /// @param config with everything that is no limit
    /// @throws ExitException a value makes no sense
    PoolConfig of(PoolConfig config) throws ExitException {
        return config.withConnectTimeout(some(CONNECT_TIMEOUT, config.connectTimeout())).withResponseTimeout(time(RESPONSE_TIMEOUT, config.responseTimeout()))
                .withMaxIdlePerHost(count(MAX_IDLE, config.maxIdlePerHost(), 0)).withIdleTimeout(some(TARGET_IDLE_TIMEOUT, config.idleTimeout()))
                .withEvictionInterval(some(EVICTION_INTERVAL, config.evictionInterval()));
    }

    /// How many connections a client has.
    int connections() throws ExitException {
        int connections = count(CONNECTIONS, 1, 1);
        if (connections > TunnelSessions.MOST) throw ExitException.usage(CONNECTIONS + " is at most " + TunnelSessions.MOST);
        return connections;
    }

    /// How long what is under way may take after a signal.
    Duration grace() throws ExitException {
        return time(GRACE, Drain.GRACE);
    }

    /// How long visitors are still accepted after a signal.
    /// @param watched somebody asks whether we are ready; without that there is nobody to wait for
    Duration drainDelay(boolean watched) throws ExitException {
        return time(DRAIN_DELAY, watched ? Drain.DELAY : Duration.ZERO);
    }

    private int count(Flag flag, int usual, int least) throws ExitException {
        var text = arguments.value(flag, "");
        return text.isEmpty() ? usual : Quantity.count(text, flag.toString(), least);
    }

    /// A size that is held in memory.
    private int small(Flag flag, int usual) throws ExitException {
        var text = arguments.value(flag, "");
        if (text.isEmpty()) return usual;
        long size = Quantity.bytes(text, flag.toString());
        if (size < 256 || size > 1 << 20) throw ExitException.usage(flag + " " + Text.printable(text) + ": it can be 256 bytes to 1m");
        return (int) size;
    }

    private long size(Flag flag, long usual) throws ExitException {
        var text = arguments.value(flag, "");
        if (text.isEmpty()) return usual;
        return text.equals(Quantity.OFF) ? VisitorLimits.UNLIMITED : Quantity.bytes(text, flag.toString());
    }

    /// A time that may be off.
    private Duration time(Flag flag, Duration usual) throws ExitException {
        var text = arguments.value(flag, "");
        if (text.isEmpty()) return usual;
        return text.equals(Quantity.OFF) ? Duration.ZERO : Quantity.time(text, flag.toString());
    }

    /// A time without which peers could hold us up for ever.
    private Duration some(Flag flag, Duration usual) throws ExitException {
        var text = arguments.value(flag, "");
        if (text.isEmpty()) return usual;
        var time = Quantity.time(text, flag.toString());
        if (time.isZero()) throw ExitException.usage(flag + " cannot be 0: peers could hold everything up for ever");
        return time;
    }
}
