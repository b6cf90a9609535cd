package io.loomtunnel.tunnel;

import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.Routes;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The routes that somebody claims, serves, or served a moment ago. Changes need the registry's lock; [#find] needs
/// none.
final class Services {
    private final Routes<Service> hosts = new Routes<>();
    private final Map<String, Service> names = new ConcurrentHashMap<>();           // of TCP services
    private final Map<Route, Service> byRoute = new HashMap<>();
    private final Set<Service> remembered = new LinkedHashSet<>();     // in the order in which they will be forgotten

    /// The service of the best route to a host, or null.
    /// @throws MalformedMessageException (400) the path has dot segments, where paths decide
    Service find(String authority, String path) throws MalformedMessageException {
        return hosts.find(authority, path);
    }

    /// The TCP service of this name, or null.
    Service find(Route.Tcp route) {
        return names.get(route.name());
    }

    /// A claim was admitted.
    void claim(Claim claim) {
        expire();
        for (var route : claim.routes()) {
            var service = byRoute.computeIfAbsent(route, Service::new);
            service.claims(1);
            remembered.remove(service);
            switch (route) {
                case Route.Http(var host, var path) -> hosts.put(host, path, service);
                case Route.Tcp(var name) -> names.put(name, service);
            }
        }
    }

    /// A claim's tunnel serves from now on, or once the checks that its client asks for have found its programs well.
    /// @return its places that must be checked
    Map<Route.Http, Place> attach(Claim claim, Tunnel tunnel) {
        var checked = new LinkedHashMap<Route.Http, Place>();
        for (var route : claim.routes()) {
            boolean wanted = !claim.health().isEmpty() && route instanceof Route.Http;
            var place = byRoute.get(route).add(tunnel, wanted);
            if (wanted) checked.put((Route.Http) route, place);
        }
        return checked;
    }

    /// A claim has ended, or its handshake failed.
    /// @param tunnel null in the second case
    void release(Claim claim, Tunnel tunnel) {
        for (var route : claim.routes()) {
            var service = byRoute.get(route);
            service.claims(-1);
            service.remove(tunnel);
            if (service.gone()) drop(service);
            else if (service.idle()) remembered.add(service);
        }
    }

    /// Forgets a service that was found gone, unless somebody claimed it meanwhile.
    void forget(Service service) {
        if (byRoute.get(service.route()) == service && service.gone()) drop(service);
    }

    private void expire() {
        while (!remembered.isEmpty()) {
            var oldest = remembered.iterator().next();
            if (!oldest.gone()) return;
            drop(oldest);
        }
    }

    private void drop(Service service) {
        byRoute.remove(service.route());
        remembered.remove(service);
        switch (service.route()) {
            case Route.Http(var host, var path) -> hosts.remove(host, path);
            case Route.Tcp(var name) -> names.remove(name);
        }
    }
}
