package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.ingress.TcpIngressConfig;
import io.loomtunnel.ingress.VisitorLimits;
import io.loomtunnel.pool.PoolConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitsTest {
    private static Limits limits(Command command, String... words) throws ExitException {
        return new Limits(Arguments.parse(command, List.of(words), Map.of()));
    }

    /// What the help says holds without the flag.
    private static String usual(Flag flag) {
        var help = flag.help();
        return help.substring(help.lastIndexOf('(') + 1, help.length() - 1);
    }

    @Test void helpNamesTheDefaults() throws ExitException {
        var words = new ArrayList<String>();
        for (var flag : Limits.SERVER) words.addAll(List.of(flag.toString(), usual(flag)));
        var server = limits(Command.SERVER, words.toArray(String[]::new));
        assertEquals(IngressConfig.DEFAULTS, server.of(IngressConfig.DEFAULTS));
        assertEquals(Drain.GRACE, server.grace());
        assertEquals(Drain.DELAY, server.drainDelay(false));
        words.clear();
        for (var flag : Limits.CLIENT) words.addAll(List.of(flag.toString(), usual(flag)));
        assertEquals(PoolConfig.DEFAULTS, limits(Command.CLIENT, words.toArray(String[]::new)).of(PoolConfig.DEFAULTS));
    }

    @Test void withoutFlagsTheDefaultsHold() throws ExitException {
        assertEquals(IngressConfig.DEFAULTS, limits(Command.SERVER).of(IngressConfig.DEFAULTS));
        assertEquals(PoolConfig.DEFAULTS, limits(Command.CLIENT).of(PoolConfig.DEFAULTS));
        assertEquals(Drain.GRACE, limits(Command.CLIENT).grace());
        assertEquals(Drain.DELAY, limits(Command.SERVER).drainDelay(true), "a balancer asks");
        assertEquals(Duration.ZERO, limits(Command.SERVER).drainDelay(false));
    }

    @Test void everyFlagChangesSomethingByItsVariableToo() throws ExitException {
        for (var command : List.of(Command.SERVER, Command.CLIENT)) {
            for (var flag : command.limits()) {
                var value = flag.word().equals("TIME") ? "1s" : flag.word().equals("SIZE") ? "1k" : "7";
                var environment = new HashMap<String, String>();
                environment.put(flag.environmentName(), value);
                var limits = new Limits(Arguments.parse(command, List.of(), environment));
                if (flag == Limits.DRAIN_DELAY) assertEquals(Duration.ofSeconds(1), limits.drainDelay(false));
                else if (flag == Limits.GRACE) assertEquals(Duration.ofSeconds(1), limits.grace());
                else if (flag == Limits.CONNECTIONS) assertEquals(7, limits.connections());
                else if (flag == Limits.TCP_IDLE_TIMEOUT) assertNotEquals(TcpIngressConfig.DEFAULTS, limits.of(TcpIngressConfig.DEFAULTS));
                else if (command == Command.SERVER) assertNotEquals(IngressConfig.DEFAULTS, limits.of(IngressConfig.DEFAULTS), flag.toString());
                else assertNotEquals(PoolConfig.DEFAULTS, limits.of(PoolConfig.DEFAULTS), flag.toString());
            }
        }
    }

    @Test void everyValueGoesWhereItBelongs() throws ExitException {
        var config = limits(Command.SERVER, "--max-connections", "1", "--max-streams", "2", "--max-request-line", "1k", "--max-field-section", "2k",
                "--max-fields", "3", "--max-request-body", "10m", "--max-response-body", "0", "--head-timeout", "1s", "--content-timeout", "2s",
                "--idle-timeout", "3s", "--write-timeout", "4s", "--response-timeout", "off", "--hold", "0").of(IngressConfig.DEFAULTS);
        assertEquals(new VisitorLimits(1, 2, 1024, 2048, 3, 10 << 20, 0, Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3),
                Duration.ofSeconds(4)), config.limits());
        assertEquals(Duration.ZERO, config.responseTimeout());
        assertEquals(Duration.ZERO, config.hold());
        var pool = limits(Command.CLIENT, "--connect-timeout", "1s", "--response-timeout", "2s", "--max-idle", "0", "--target-idle-timeout", "3s",
                "--eviction-interval", "4s").of(PoolConfig.DEFAULTS);
        assertEquals(Duration.ofSeconds(1), pool.connectTimeout());
        assertEquals(Duration.ofSeconds(2), pool.responseTimeout());
        assertEquals(0, pool.maxIdlePerHost());
        assertEquals(Duration.ofSeconds(3), pool.idleTimeout());
        assertEquals(Duration.ofSeconds(4), pool.evictionInterval());
    }

    @Test void badValuesAreNamedWithTheFlagAndWhatItTakes() {
        for (var words : List.of(List.of("--max-connections", "0"), List.of("--max-streams", "many"), List.of("--max-request-line", "255"),
                List.of("--max-field-section", "2m"), List.of("--max-request-body", "-1"), List.of("--max-request-body", "ten"),
                List.of("--head-timeout", "10"), List.of("--head-timeout", "0"), List.of("--idle-timeout", "off"), List.of("--hold", "5 s"),
                List.of("--grace", "soon"))) {
            var typed = Typed.run(Map.of("LOOMTUNNEL_TOKEN", "s3cret"), "server", "--bind", "127.0.0.1:0", "--http", "127.0.0.1:0", words.get(0), words.get(1));
            assertEquals(2, typed.status(), words + typed.err());
            assertTrue(typed.err().startsWith("loomtunnel: " + words.get(0) + " ") && typed.err().lines().count() == 1, typed.err());
        }
    }

    @Test void timesAndSizesAsPeopleWriteThem() throws ExitException {
        assertEquals(Duration.ofMillis(1), Quantity.time("1ms", "x"));
        assertEquals(Duration.ofSeconds(90), Quantity.time("1m30s", "x"));
        assertEquals(Duration.ofMinutes(90), Quantity.time("1h30m", "x"));
        assertEquals(Duration.ZERO, Quantity.time("0", "x"));
        assertEquals(0, Quantity.bytes("0", "x"));
        assertEquals(65_536, Quantity.bytes("64K", "x"));
        assertEquals(10 << 20, Quantity.bytes("10mb", "x"));
        assertEquals(5L << 30, Quantity.bytes("5GiB", "x"));
        for (var bad : List.of("", "s", "1", "1d", "1s2", "-1s", "1.5s", "99999999999999999999s", "400h99999999h")) {
            assertThrows(ExitException.class, () -> Quantity.time(bad, "x"), bad);
        }
        for (var bad : List.of("", "k", "1x", "-1", "1.5k", "99999999999999999999", "999999999999t")) {
            assertThrows(ExitException.class, () -> Quantity.bytes(bad, "x"), bad);
        }
    }
}
