package io.loomtunnel.cli;

import io.loomtunnel.tunnel.Route;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/// One `--http` of a client: which host, served from where.
///
/// @param route  what is registered
/// @param origin `http://HOST:PORT`
record Service(Route route, URI origin) {
    private static final int HTTP = 80;

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
            return new Service(Route.of(text.substring(0, equals)), origin(target));
        } catch (IllegalArgumentException e) {
            throw ExitException.usage("--http " + Text.printable(text) + ": " + Text.reason(e), e);
        }
    }

    private static URI origin(String target) throws ExitException {
        var rest = target;
        int scheme = target.indexOf("://");
        if (scheme >= 0) {
            if (!target.substring(0, scheme).equalsIgnoreCase("http")) {
                throw bad(target, "only http:// origins can be served yet");
            }
            rest = target.substring(scheme + 3);
            if (rest.endsWith("/")) rest = rest.substring(0, rest.length() - 1);
        }
        if (rest.indexOf('/') >= 0 || rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
            throw bad(target, "a path cannot be part of it, visitors' paths reach the origin as they are");
        }
        if (rest.indexOf('@') >= 0) throw bad("http://…", "it must not hold a user or a password");
        if (rest.startsWith("*")) throw bad(target, "a target is one host");
        var endpoint = Endpoint.parse(rest, "target", new Endpoint("127.0.0.1", scheme < 0 ? 0 : HTTP));
        if (endpoint.port() == 0) throw bad(target, "its port is missing");
        return URI.create("http://" + endpoint);
    }

    private static ExitException bad(String target, String why) {
        return ExitException.usage("target " + Text.printable(target) + ": " + why);
    }
}
