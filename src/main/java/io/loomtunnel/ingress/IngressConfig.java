package io.loomtunnel.ingress;

import io.loomtunnel.websocket.Upgrades;
import java.time.Duration;
import java.util.List;

/// How a public HTTP port serves its visitors.
///
/// @param limits          how much they may ask for, and how long they may take
/// @param responseTimeout from the end of the request to the head of the response; then 504; zero for none
/// @param hold            how long a request waits for a tunnel that left a moment ago; then 503; zero to answer at once
/// @param proxies         in front of the port, whose word about visitors is taken
/// @param upgrades        tokens of the Upgrade field that pass beside `websocket`; every other one is dropped
/// @param sticky          whether a cookie of ours keeps each visitor with one client, as long as that takes requests
public record IngressConfig(VisitorLimits limits, Duration responseTimeout, Duration hold, TrustedProxies proxies, List<String> upgrades,
                            boolean sticky) {
    /// The default limits; 65 s for a response (the origin's 60 s and its way back), 5 s for a tunnel; no proxies in front.
    public static final IngressConfig DEFAULTS = new IngressConfig(VisitorLimits.DEFAULTS, Duration.ofSeconds(65), Duration.ofSeconds(5),
            TrustedProxies.NONE, List.of(), false);

    /// Refuses what would serve nobody.
    public IngressConfig {
        if (hold.isNegative()) throw new IllegalArgumentException("hold " + hold);
        if (responseTimeout.isNegative()) throw new IllegalArgumentException("responseTimeout " + responseTimeout);
        upgrades = List.copyOf(upgrades);
        new Upgrades(upgrades);             // refuses what is no token, and what must not pass
    }

    /// The same with other limits.
    /// @param limits of visitors
    /// @return a new configuration
    public IngressConfig withLimits(VisitorLimits limits) {
        return new IngressConfig(limits, responseTimeout, hold, proxies, upgrades, sticky);
    }

    /// The same with another time for a response.
    /// @param limit from the end of the request to the head of the response; zero for none
    /// @return a new configuration
    public IngressConfig withResponseTimeout(Duration limit) {
        return new IngressConfig(limits, limit, hold, proxies, upgrades, sticky);
    }

    /// The same with another wait for a tunnel.
    /// @param limit zero answers at once
    /// @return a new configuration
    public IngressConfig withHold(Duration limit) {
        return new IngressConfig(limits, responseTimeout, limit, proxies, upgrades, sticky);
    }

    /// The same with proxies in front.
    /// @param trusted whose word about visitors is taken
    /// @return a new configuration
    public IngressConfig withProxies(TrustedProxies trusted) {
        return new IngressConfig(limits, responseTimeout, hold, trusted, upgrades, sticky);
    }

    /// The same with other protocols that visitors may switch to.
    /// @param tokens of the Upgrade field, beside `websocket`
    /// @return a new configuration
    /// @throws IllegalArgumentException one of them is no token, or must not pass
    public IngressConfig withUpgrades(List<String> tokens) {
        return new IngressConfig(limits, responseTimeout, hold, proxies, tokens, sticky);
    }

    /// The same with a cookie that keeps each visitor with one client.
    /// @return a new configuration
    public IngressConfig withStickiness() {
        return new IngressConfig(limits, responseTimeout, hold, proxies, upgrades, true);
    }
}
