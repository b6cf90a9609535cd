package io.loomtunnel.cli;

import io.loomtunnel.pool.Origin;
import io.loomtunnel.tunnel.Route;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// One `--http` of a client: which host, served from where.
///
/// @param route  what is registered
/// @param origin `http://HOST:PORT`, `https://HOST:PORT` or `h2c://HOST:PORT`
record Service(Route.Http route, URI origin) {
    /// Reads each `[HOST=]TARGET`.
    /// @throws ExitException one is malformed, or two have the same host
    static List<Service> parseAll(List<String> texts) throws ExitException {
        var services = new ArrayList<Service>();
        for (var text : texts) {
            var service = parse(text);
            for (var other : services) {
                if (other.route.equals(service.route)) throw ExitException.usage("--http " + service.route + " is given twice");
            }
            services.add(service);
        }
        return services;
    }

    /// Reads `[HOST=]TARGET`.
    /// @throws ExitException it is malformed; the message says which part, and what was expected
    static Service parse(String text) throws ExitException {
        int equals = text.indexOf('=');
        var target = text.substring(equals + 1);
        if (equals < 0) return new Service(Route.CATCH_ALL, origin(target));
        try {
            return new Service(Route.Http.of(text.substring(0, equals)), origin(target));
        } catch (IllegalArgumentException e) {
            throw ExitException.usage("--http " + Text.printable(text) + ": " + Text.reason(e), e);
        }
    }

    private static URI origin(String target) throws ExitException {
        var rest = target;
        int colon = target.indexOf("://");
        var scheme = colon < 0 ? Origin.Scheme.HTTP : scheme(target, target.substring(0, colon));
        if (colon >= 0) {
            rest = target.substring(colon + 3);
            if (rest.endsWith("/")) rest = rest.substring(0, rest.length() - 1);
        }
        if (rest.indexOf('/') >= 0 || rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
            throw bad(target, "a path cannot be part of it, visitors' paths reach the origin as they are");
        }
        if (rest.indexOf('@') >= 0) throw bad("…@…", "it must not hold a user or a password");
        if (rest.startsWith("*")) throw bad(target, "a target is one host");
        var endpoint = Endpoint.parse(rest, "target", new Endpoint("127.0.0.1", colon < 0 ? 0 : scheme.defaultPort()));
        if (endpoint.port() == 0) throw bad(target, "its port is missing");
        return URI.create(scheme.name().toLowerCase(Locale.ROOT) + "://" + endpoint);
    }

    private static Origin.Scheme scheme(String target, String typed) throws ExitException {
        return switch (typed.toLowerCase(Locale.ROOT)) {
            case "http", "ws" -> Origin.Scheme.HTTP;
            case "https", "wss" -> Origin.Scheme.HTTPS;
            case "h2c" -> Origin.Scheme.H2C;
            case "grpc" -> throw bad(target, "for gRPC write h2c:// for clear text or https:// for TLS");
            case "grpcs", "h2" -> throw bad(target, "for HTTP/2 over TLS write https://");
            default -> throw bad(target, "it must be http://, https:// or h2c:// (HTTP/2 in clear)");
        };
    }

    private static ExitException bad(String target, String why) {
        return ExitException.usage("target " + Text.printable(target) + ": " + why);
    }
}
