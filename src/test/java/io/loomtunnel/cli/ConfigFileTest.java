package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
    private final Path file;

    ConfigFileTest(@TempDir Path folder) {
        file = folder.resolve("loomtunnel.properties");
    }

    @Test void linesAreThoseOfPropertiesAndKnowTheirNumber() throws Exception {
        var config = ConfigFile.parse("f", "\ufeff# a comment\n! another\n\n bind = 7835\r\nhttp: a=1,\\\n   b=2\nhold 5s\nu\\u0070grade=x\ntcp=t\\\\\nhttp=c=3");
        assertEquals(List.of(new ConfigFile.Entry(4, "bind", "7835"), new ConfigFile.Entry(5, "http", "a=1,b=2"), new ConfigFile.Entry(7, "hold", "5s"),
                new ConfigFile.Entry(8, "upgrade", "x"), new ConfigFile.Entry(9, "tcp", "t\\"), new ConfigFile.Entry(10, "http", "c=3")), config.entries());
        assertEquals(List.of("a=1", "b=2", "c=3"), config.values(Flag.SERVICE));
        assertEquals(List.of("7835"), config.values(Flag.BIND));
        assertEquals(List.of(), config.values(Flag.PLAINTEXT));
        var broken = assertThrows(ExitException.class, () -> ConfigFile.parse("f", "a=1\nb=\\u00zz"));
        assertTrue(broken.getMessage().startsWith("f:2: "), broken.getMessage());
    }

    @Test void flagsGoBeforeVariablesAndThoseBeforeTheFile() throws Exception {
        write("bind=1", "http=2", "hold=3s", "plaintext=yes", "proxy-protocol=yes", "tcp=a=1");
        var environment = Map.of("LOOMTUNNEL_HTTP", "20", "LOOMTUNNEL_HOLD", "30s", "LOOMTUNNEL_PROXY_PROTOCOL", "no", "LOOMTUNNEL_CONFIG", file.toString());
        var arguments = Arguments.parse(Command.SERVER, List.of("--hold", "300s", "--tcp", "b=2"), environment).configured();
        assertEquals("1", arguments.value(Flag.BIND, ""));
        assertEquals("20", arguments.value(Flag.VISITORS, ""));
        assertEquals("300s", arguments.value(Limits.HOLD, ""));
        assertEquals(List.of("b=2"), arguments.values(Flag.TCP));
        assertTrue(arguments.has(Flag.PLAINTEXT));
        assertFalse(arguments.has(Flag.PROXY_PROTOCOL));
    }

    @Test void checkNamesEveryMistakeByItsLine() throws Exception {
        write("# a server", "bind = 127.0.0.1:99999", "", "htpt = 8080", "http = a b", "hold = long", "max-request-body = 10q", "max-streams = -1",
                "trust-proxy = 10.0.0.0/8, ten", "plaintext = maybe", "token = s3cret", "tls-cert = /nowhere.pem", "hold = 1s", "tcp = db", "help = 1");
        var typed = Typed.run("check", file.toString());
        assertEquals(2, typed.status());
        assertEquals("", typed.out());
        var said = typed.err().lines().map(line -> line.substring(("loomtunnel: " + file + ":").length())).toList();
        assertEquals(List.of("2", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"), said.stream().map(line -> line.substring(0, line.indexOf(':'))).toList());
        assertTrue(said.get(1).contains("did you mean http?"), said.get(1));
        assertTrue(said.get(8).contains("token-file") && !typed.err().contains("s3cret"), said.get(8));
        assertTrue(said.get(10).contains("hold is there twice"), said.get(10));
    }

    @Test void checkNamesWhatDoesNotFitTogether() throws Exception {
        write("# the key is missing", "bind = 7835", "https = 0", "tls-cert = " + Files.createFile(file.resolveSibling("c.pem")));
        var typed = Typed.run("check", file.toString());
        assertEquals(2, typed.status());
        assertTrue(typed.err().contains("each --tls-cert needs its --tls-key"), typed.err());
        write("server = 127.0.0.1:1", "http = a.test=1", "http = A.test=2");
        assertTrue(Typed.run("check", file.toString()).err().contains(file + ":3: --http a.test is given twice"), Typed.run("check", file.toString()).err());
        write("server = 127.0.0.1:1", "connect-timeout = 0s", "http = 1");
        assertTrue(Typed.run("check", file.toString()).err().contains(file + ":2: --connect-timeout cannot be 0"));
    }

    @Test void checkFindsNothingInWhatIsFine() throws Exception {
        write("bind = 127.0.0.1:7835", "http = 0.0.0.0:8080", "tcp = db=5432, ssh=2222", "trust-proxy = 10.0.0.0/8", "proxy-protocol = yes", "max-request-body = off");
        assertEquals(new Typed(0, file + ": fine for loomtunnel server\n", ""), Typed.run("check", file.toString()));
        write("server = 127.0.0.1:7835", "http = app.example.com=3000, *.example.com=https://localhost:8443", "tcp = db=5432,proxy=v2", "connections = 4");
        assertEquals(new Typed(0, file + ": fine for loomtunnel client\n", ""), Typed.run(Map.of("LOOMTUNNEL_HTTP", "no such"), "check", file.toString()));
    }

    @Test void aProgramDoesNotStartWithAFileThatHasMistakes() throws Exception {
        write("bind = x:y:z", "http = 0", "colour = blue");
        var typed = Typed.run("server", "--config", file.toString());
        assertEquals(2, typed.status());
        assertEquals(1, typed.err().lines().count(), typed.err());
        assertTrue(typed.err().startsWith("loomtunnel: " + file + ":1: ") && typed.err().contains("(and 1 more: loomtunnel check lists them)"), typed.err());
        assertTrue(Typed.run("server", "--config", file + "x").err().contains("there is no such file"));
        assertTrue(Typed.run("check").err().contains("which file?"));
    }

    @Test void whatHasChangedIsAppliedAndNamed() throws Exception {
        write("bind=1", "hold=1s", "tcp=a=1");
        var running = new Running();
        write("bind=1", "hold=2s", "tcp=a=1");
        running.reload.look(false);
        assertEquals(List.of("[--hold]: 2s"), running.applied);
        assertEquals(List.of("applied from " + file + ": --hold"), running.said());
        running.reload.look(false);
        assertEquals(1, running.applied.size(), "it is the same file");
    }

    @Test void whatNeedsARestartIsNamedAndLeft() throws Exception {
        write("bind=1", "hold=1s");
        var running = new Running();
        write("bind=2", "hold=1s", "max-streams=7");
        running.reload.look(false);
        assertEquals(List.of(), running.applied);
        assertEquals(List.of("needs a restart, not applied: --bind, --max-streams"), running.said());
        write("bind=1", "hold=1s");
        running.reload.look(false);
        assertEquals("read again, nothing is different: " + file, running.said().getLast());
    }

    @Test void aBrokenFileChangesNothingAndSaysWhy() throws Exception {
        write("bind=1", "hold=1s");
        var running = new Running();
        write("bind=1", "hold=2s", "htpt=1", "idle-timeout=x");
        running.reload.look(false);
        assertTrue(running.said().get(0).startsWith("loomtunnel: " + file + ":3: unknown key htpt"), running.said().toString());
        assertTrue(running.said().get(1).startsWith("loomtunnel: " + file + ":4: --idle-timeout"), running.said().toString());
        assertEquals("loomtunnel: " + file + " has mistakes: nothing was changed", running.said().get(2));
        write("bind=1", "hold=3s");
        running.refuse = "--hold is not to be 3s";
        running.reload.look(false);
        assertEquals("loomtunnel: " + file + ":2: --hold is not to be 3s; nothing was changed", running.said().getLast());
        Files.delete(file);
        running.reload.look(false);
        assertTrue(running.said().getLast().endsWith("there is no such file; nothing was changed"), running.said().toString());
        assertEquals(List.of(), running.applied);
        write("bind=1", "hold=4s");
        running.refuse = "";
        running.reload.look(false);
        assertEquals(List.of("[--hold]: 4s"), running.applied);
    }

    @Test void aFlagThatOverridesTheFileDoesNotChangeWithIt() throws Exception {
        write("hold=1s", "bind=1");
        var running = new Running("--hold", "9s");
        write("hold=2s", "bind=1");
        running.reload.look(false);
        assertEquals(List.of(), running.applied);
    }

    private void write(String... lines) throws Exception {
        var fresh = Files.writeString(file.resolveSibling("fresh"), String.join("\n", lines));
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    }

    /// Started with the file; can change `--hold` and nothing else.
    private final class Running implements Reload.Target {
        private final ByteArrayOutputStream said = new ByteArrayOutputStream();
        private final List<String> applied = new ArrayList<>();
        private final Reload reload;
        private String refuse = "";

        Running(String... flags) throws Exception {
            var words = new ArrayList<>(List.of("--config", file.toString()));
            words.addAll(List.of(flags));
            var arguments = Arguments.parse(Command.SERVER, words, Map.of()).configured();
            var out = new PrintStream(said, true);
            reload = new Reload(arguments, this, new Screen(out, out));
        }

        List<String> said() {
            return said.toString().lines().toList();
        }

        @Override public List<Flag> live() {
            return List.of(Limits.HOLD);
        }

        @Override public void check(Arguments next) throws ExitException {
            if (!refuse.isEmpty()) throw ExitException.usage(refuse);
        }

        @Override public void apply(Arguments next, List<Flag> changed) {
            applied.add(changed + ": " + next.value(Limits.HOLD, ""));
        }
    }
}
