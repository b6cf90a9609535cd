package io.loomtunnel.cli;

import io.loomtunnel.TunnelServer;
import io.loomtunnel.ingress.AddressRange;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.TrustedProxies;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.Tunnel;
import io.loomtunnel.tunnel.TunnelEvent;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// `loomtunnel server`: opens its ports, says so, and runs until a signal.
final class ServerCommand {
    private static final Endpoint BIND = new Endpoint("127.0.0.1", 7835);
    private static final Endpoint VISITORS = new Endpoint("0.0.0.0", 8080);
    private static final Endpoint VISITORS_TLS = new Endpoint("0.0.0.0", 8443);

    private final Arguments arguments;
    private final Screen screen;

    ServerCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// Does not return once the ports are open.
    /// @throws ExitException it could not start
    int run() throws IOException, InterruptedException {
        var bind = address(Flag.BIND, BIND);
        var encrypted = given(Flag.VISITORS_TLS) ? address(Flag.VISITORS_TLS, VISITORS_TLS) : null;
        var visitors = encrypted == null || given(Flag.VISITORS) ? address(Flag.VISITORS, VISITORS) : null;
        var certificates = certificates(encrypted != null);
        var limits = new Limits(arguments);
        var builder = TunnelServer.builder().bind(bind).grace(limits.grace()).listener(this::tell)
                .ingress(limits.of(ingress()));
        if (visitors != null) builder.http(visitors);
        if (encrypted != null) {
            builder.https(encrypted, new CertificateStore(certificates, CertificateStore.PAUSE, screen).context());
        }
        if (arguments.has(Flag.PLAINTEXT)) {
            builder.plaintext();
        } else if (!bind.getAddress().isLoopbackAddress()) {
            throw ExitException.usage(Flag.BIND + " " + Endpoint.text(bind) + " lets clients attach from elsewhere, and the tunnel is not "
                    + "encrypted yet: add " + Flag.PLAINTEXT + " if everybody on the way may read it");
        }
        var given = Token.given(arguments, screen);
        var token = given.isEmpty() ? Token.made() : given;
        var server = start(builder.token(token), bind, visitors, encrypted);
        screen.say("listening for tunnels on " + Endpoint.text(server.controlAddress()));
        if (visitors != null) screen.say("listening for visitors on http://" + Endpoint.text(server.httpAddress()));
        if (encrypted != null) screen.say("listening for visitors on https://" + Endpoint.text(server.httpsAddress()));
        if (given.isEmpty()) sayToken(token, server.controlAddress());
        Drain.onSignal(screen, server, limits.grace());
        new CountDownLatch(1).await();
        return ExitException.DONE;
    }

    private IngressConfig ingress() throws ExitException {
        try {
            return IngressConfig.DEFAULTS.withProxies(proxies()).withUpgrades(arguments.values(Flag.UPGRADE));
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(Flag.UPGRADE + ": " + Text.printable(e.getMessage()));
        }
    }

    private boolean given(Flag flag) {
        return !arguments.value(flag, "").isEmpty();
    }

    private List<CertificateFiles> certificates(boolean wanted) throws ExitException {
        var certificates = arguments.values(Flag.TLS_CERT);
        var keys = arguments.values(Flag.TLS_KEY);
        if (certificates.size() != keys.size()) {
            throw ExitException.usage("each " + Flag.TLS_CERT + " needs its " + Flag.TLS_KEY + ": there are "
                    + certificates.size() + " and " + keys.size());
        }
        if (wanted && keys.isEmpty()) {
            throw ExitException.usage(Flag.VISITORS_TLS + " needs a certificate: add " + Flag.TLS_CERT + " FILE "
                    + Flag.TLS_KEY + " FILE");
        }
        if (!wanted && !keys.isEmpty()) {
            throw ExitException.usage(Flag.TLS_CERT + " is for visitors by TLS: add " + Flag.VISITORS_TLS + " "
                    + Flag.VISITORS_TLS.word());
        }
        var pairs = new ArrayList<CertificateFiles>();
        for (int i = 0; i < keys.size(); i++) pairs.add(new CertificateFiles(certificates.get(i), keys.get(i)));
        return pairs;
    }

    private InetSocketAddress address(Flag flag, Endpoint defaults) throws ExitException {
        var what = flag.toString();
        return Endpoint.parse(arguments.value(flag, defaults.toString()), what, defaults).resolve(what);
    }

    private TrustedProxies proxies() throws ExitException {
        var ranges = new ArrayList<AddressRange>();
        for (var list : arguments.values(Flag.TRUST_PROXY)) {
            for (var range : list.split(",", -1)) {
                try {
                    ranges.add(AddressRange.of(range.strip()));
                } catch (IllegalArgumentException e) {
                    throw ExitException.usage(Flag.TRUST_PROXY + ": " + Text.reason(e), e);
                }
            }
        }
        boolean header = arguments.has(Flag.PROXY_PROTOCOL);
        if (header && ranges.isEmpty()) {
            throw ExitException.usage(Flag.PROXY_PROTOCOL + " reads the header from trusted addresses only: add " + Flag.TRUST_PROXY + " "
                    + Flag.TRUST_PROXY.word() + " for the balancer's");
        }
        return new TrustedProxies(ranges, header);
    }

    /// @param visitors null without such a port, as is `encrypted`
    private static TunnelServer start(TunnelServer.Builder builder, InetSocketAddress bind, InetSocketAddress visitors,
                                      InetSocketAddress encrypted) throws IOException {
        try {
            return builder.start();
        } catch (BindException e) {
            // Which of them it was, only the message tells.
            if (isOf(e, encrypted)) throw refused(Flag.VISITORS_TLS, encrypted, e);
            if (isOf(e, visitors)) throw refused(Flag.VISITORS, visitors, e);
            throw refused(Flag.BIND, bind, e);
        }
    }

    private static boolean isOf(BindException failure, InetSocketAddress address) {
        return address != null && failure.getMessage().contains(" " + Endpoint.text(address) + ":");
    }

    private static ExitException refused(Flag flag, InetSocketAddress address, BindException cause) {
        var reason = cause.getCause() == null ? "" : Text.reason(cause.getCause());
        var place = "port " + address.getPort() + " on " + address.getAddress().getHostAddress();
        if (reason.contains("in use")) return ExitException.usage(place + " is in use: choose another with " + flag, cause);
        if (reason.contains("ermission")) {
            return ExitException.usage(place + " needs more rights than this user has: choose another with " + flag, cause);
        }
        return ExitException.usage(flag + " " + Endpoint.text(address) + ": this machine cannot listen there: " + reason, cause);
    }

    private void sayToken(String token, InetSocketAddress control) {
        InetAddress address = control.getAddress();
        var server = address.isAnyLocalAddress() ? "http://THIS-SERVER:" + control.getPort()
                : (address.isLoopbackAddress() ? "" : "http://") + Endpoint.text(control);
        screen.say("no token was given, so this run has one of its own; to attach a program on port 3000:");
        screen.say("  " + Token.VARIABLE + "=" + token + " loomtunnel client --server " + server + " --http 3000");
    }

    private void tell(TunnelEvent event) {
        switch (event) {
            case TunnelEvent.Attached(var tunnel) -> screen.say("attached: " + describe(tunnel));
            case TunnelEvent.Doubted(var tunnel) -> screen.say((tunnel.suspect() ? "silent: " : "heard again: ") + describe(tunnel));
            case TunnelEvent.Left(var tunnel) -> screen.say("left: " + describe(tunnel));
        }
    }

    private static String describe(Tunnel tunnel) {
        return "client " + Endpoint.text(tunnel.peer().address()) + " for " + hosts(tunnel.routes());
    }

    private static String hosts(List<Route> routes) {
        var text = new StringBuilder();
        for (var route : routes) {
            if (!text.isEmpty()) text.append(", ");
            text.append(route.equals(Route.CATCH_ALL) ? "every other host" : route);
        }
        return Text.printable(text.toString());
    }
}
