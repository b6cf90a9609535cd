package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
    @Test void valueFollowsOrIsJoinedByAnEqualsSign() throws Exception {
        assertEquals("1:1", parse("--bind", "1:1").value(Flag.BIND, ""));
        assertEquals("1:1", parse("--bind=1:1").value(Flag.BIND, ""));
        assertEquals("a=b", Arguments.parse(Command.CLIENT, List.of("--http=a=b"), Map.of()).values(Flag.SERVICE).getFirst());
    }

    @Test void flagGoesBeforeItsVariableAndThatBeforeTheDefault() throws Exception {
        var environment = Map.of("LOOMTUNNEL_BIND", "env:1", "LOOMTUNNEL_PLAINTEXT", "1", "LOOMTUNNEL_HTTP", " ");
        var both = Arguments.parse(Command.SERVER, List.of("--bind", "flag:1"), environment);
        assertEquals("flag:1", both.value(Flag.BIND, "default"));
        var variables = Arguments.parse(Command.SERVER, List.of(), environment);
        assertEquals("env:1", variables.value(Flag.BIND, "default"));
        assertTrue(variables.has(Flag.PLAINTEXT));
        assertEquals("default", variables.value(Flag.VISITORS, "default"), "a blank variable is as good as none");
    }

    @Test void switchInTheEnvironmentIsAYesOrANo() throws Exception {
        assertFalse(Arguments.parse(Command.SERVER, List.of(), Map.of("LOOMTUNNEL_PLAINTEXT", "0")).has(Flag.PLAINTEXT));
        var unclear = Arguments.parse(Command.SERVER, List.of(), Map.of("LOOMTUNNEL_PLAINTEXT", "perhaps"));
        assertThrows(ExitException.class, () -> unclear.has(Flag.PLAINTEXT));
    }

    @Test void repeatedFlagKeepsItsOrderAndItsVariableIsAList() throws Exception {
        var flags = Arguments.parse(Command.CLIENT, List.of("--http", "b=1", "--http", "a=2"), Map.of("LOOMTUNNEL_HTTP", "c=3"));
        assertEquals(List.of("b=1", "a=2"), flags.values(Flag.SERVICE));
        var variable = Arguments.parse(Command.CLIENT, List.of(), Map.of("LOOMTUNNEL_HTTP", "c=3, d=4,"));
        assertEquals(List.of("c=3", "d=4"), variable.values(Flag.SERVICE));
    }

    @Test void everyVariableIsNamedAfterItsFlag() {
        assertEquals("LOOMTUNNEL_TOKEN_FILE", Flag.TOKEN_FILE.environmentName());
    }

    @Test void editDistanceCountsASwapAsOne() {
        assertEquals(0, Nearest.distance("http", "http"));
        assertEquals(1, Nearest.distance("htpt", "http"));
        assertEquals(1, Nearest.distance("http", "https"));
        assertEquals(4, Nearest.distance("", "http"));
        assertEquals(3, Nearest.distance("kitten", "sitting"));
    }

    private static Arguments parse(String... words) throws ExitException {
        return Arguments.parse(Command.SERVER, List.of(words), Map.of());
    }
}
