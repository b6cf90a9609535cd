package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.tunnel.TokenEntry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenCommandTest {
    private static final Instant NOW = Instant.parse("2026-06-01T10:00:00Z");

    private final Path file;

    TokenCommandTest(@TempDir Path folder) {
        file = folder.resolve("tokens");
    }

    @Test void theSecretIsPrintedOnceAndNotKept() throws Exception {
        var made = token("create", "alice", "--host", "app.example.com", "--tcp", "db", "--connections", "2", "--streams", "10");
        assertEquals(0, made.status(), made.err());
        assertTrue(made.out().matches("lt_[A-Za-z0-9_-]{43}\n"), made.out());
        var secret = made.out().strip();
        assertFalse(made.err().contains(secret), made.err());
        var text = Files.readString(file);
        assertFalse(text.contains(secret) || text.contains(secret.substring(3)), text);
        var entry = TokenEntry.parseAll(text).getFirst();
        assertEquals(TokenEntry.digest(secret), entry.sha256());
        assertEquals("id=alice sha256=" + entry.sha256() + " host=app.example.com tcp=db connections=2 streams=10", entry.line());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test void eachTokenIsAddedToWhatIsThere() throws Exception {
        Files.writeString(file, "# ours\nid=old sha256=" + TokenEntry.digest("old") + " host=*");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertEquals(0, token("create", "--id", "new", "--host", "*").status());
        var lines = Files.readString(file).lines().toList();
        assertEquals("# ours", lines.get(0));
        assertTrue(lines.get(1).startsWith("id=old ") && lines.get(2).startsWith("id=new "), lines.toString());
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        try (var others = Files.list(file.getParent())) {
            assertEquals(List.of(file), others.toList());
        }
    }

    @Test void aNameIsNotGivenTwice() throws Exception {
        token("create", "alice", "--host", "*");
        var before = Files.readString(file);
        var again = token("create", "alice", "--host", "*");
        assertEquals(2, again.status());
        assertEquals("", again.out());
        assertTrue(again.err().contains("there is a token alice already"), again.err());
        assertEquals(before, Files.readString(file));
    }

    @Test void revokingMarksOneLineAndLeavesTheOthers() throws Exception {
        token("create", "alice", "--host", "a.example");
        token("create", "bob", "--host", "b.example");
        var before = Files.readString(file).lines().toList();
        var revoked = token("revoke", "alice");
        assertEquals("revoked: alice\n", revoked.out());
        var after = Files.readString(file).lines().toList();
        assertTrue(after.get(1).startsWith(before.get(1) + " revoked="), after.get(1));
        assertEquals(before.get(2), after.get(2));
        assertEquals(0, token("revoke", "alice").status());
        assertEquals(after, Files.readString(file).lines().toList());
        var unknown = token("revoke", "alise");
        assertEquals(2, unknown.status());
        assertTrue(unknown.err().contains("did you mean alice?"), unknown.err());
    }

    @Test void theListShowsWhatEachMayHaveAndNoDigest() throws Exception {
        token("create", "alice", "--host", "a.example", "--host", "*.b.example", "--streams", "5", "--expires", "2999-01-31");
        token("create", "bob", "--tcp", "*");
        token("revoke", "bob");
        Files.writeString(file, Files.readString(file) + "id=c sha256=" + TokenEntry.digest("c") + " host=* expires=2020-01-01T00:00:00Z\n");
        var list = token("list");
        assertEquals("""
                ID     STATE    HOSTS                  TCP  CONNECTIONS  STREAMS  EXPIRES
                alice  good     a.example,*.b.example  -    -            5        2999-01-31T00:00:00Z
                bob    revoked  -                      *    -            -        never
                c      expired  *                      -    -            -        2020-01-01T00:00:00Z
                """, list.out());
    }

    @Test void whatMakesNoSenseIsStatus2AndChangesNothing() throws Exception {
        for (var words : List.of(List.of("create", "a"), List.of("create", "--host", "*"), List.of("create", "a b", "--host", "*"),
                List.of("create", "a", "b", "--host", "*"), List.of("create", "a", "--host", "x..y"), List.of("create", "a", "--host", "x/y"),
                List.of("create", "a", "--host", "*", "--streams", "0"), List.of("create", "a", "--host", "*", "--expires", "2020-01-01"),
                List.of("create", "a", "--host", "*", "--expires", "soon"), List.of("revoke", "a"), List.of("revoke"), List.of("list"),
                List.of("show"))) {
            var typed = token(words.toArray(String[]::new));
            assertEquals(2, typed.status(), words + typed.out() + typed.err());
            assertEquals(1, typed.err().lines().count(), words + typed.err());
            assertEquals("", typed.out(), words.toString());
            assertFalse(Files.exists(file) && !Files.readString(file).isEmpty(), words.toString());
        }
        assertTrue(Typed.run("token", "list").err().contains("--tokens FILE"));
        assertTrue(Typed.run("token").err().contains("did you mean token"), Typed.run("token").err());
    }

    @Test void aServersVariablesSayNothingAboutATokensRights() {
        var typed = Typed.run(Map.of("LOOMTUNNEL_TCP", "db=5432", "LOOMTUNNEL_TOKENS", file.toString()), "token", "create", "a");
        assertEquals(2, typed.status());
        assertTrue(typed.err().contains("what may it have?"), typed.err());
    }

    @Test void timesAreReadAsPeopleWriteThem() throws Exception {
        assertEquals(Instant.MAX, TokenRights.expiry("", NOW));
        assertEquals(Instant.parse("2026-07-01T10:00:00Z"), TokenRights.expiry("30d", NOW));
        assertEquals(Instant.parse("2026-06-01T11:30:00Z"), TokenRights.expiry("1h30m", NOW));
        assertEquals(Instant.parse("2027-01-31T00:00:00Z"), TokenRights.expiry("2027-01-31", NOW));
        assertEquals(Instant.parse("2027-01-31T17:00:00Z"), TokenRights.expiry("2027-01-31T18:00:00+01:00", NOW));
        for (var wrong : List.of("0", "0d", "2026-06-01", "2027-02-30", "2027-01-31T18:00", "never")) {
            assertThrows(ExitException.class, () -> TokenRights.expiry(wrong, NOW), wrong);
        }
    }

    @Test void aServerReadsTheFileAgainWhenItHasChanged() throws Exception {
        token("create", "alice", "--host", "*");
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var tokens = new TokenFile(file.toString(), new Screen(new PrintStream(out, true), new PrintStream(err, true)));
        var first = tokens.get();
        assertSame(first, tokens.get());
        token("create", "bob", "--host", "*");
        var second = tokens.get();
        assertEquals(List.of("alice", "bob"), second.stream().map(TokenEntry::id).toList());
        assertEquals("read again: " + file + "\n", out.toString());
        Files.writeString(file, "id=carol\n");
        for (int i = 0; i < 3; i++) assertSame(second, tokens.get());
        Files.delete(file);
        for (int i = 0; i < 3; i++) assertSame(second, tokens.get());
        var warnings = err.toString().lines().toList();
        assertEquals(2, warnings.size(), warnings.toString());
        assertTrue(warnings.get(0).contains(file + ", line 1: sha256 must be") && warnings.get(0).endsWith("; the tokens from before stay in use"));
        token("create", "dave", "--host", "*");
        assertEquals("dave", tokens.get().getFirst().id());
    }

    @Test void aServerHasOneTokenOrAList() throws Exception {
        token("create", "alice", "--host", "*");
        var both = Typed.run(Map.of("LOOMTUNNEL_TOKEN", "s3cret"), "server", "--bind", "0", "--http", "127.0.0.1:0", "--tokens", file.toString());
        assertEquals(2, both.status());
        assertTrue(both.err().contains("exclude each other"), both.err());
        var none = Typed.run("server", "--bind", "0", "--http", "127.0.0.1:0", "--tokens", file + "x");
        assertTrue(none.status() == 2 && none.err().contains("there is no such file"), none.err());
        assertNotEquals("", Files.readString(file));
    }

    private Typed token(String... words) {
        var all = new ArrayList<>(List.of("token"));
        all.addAll(List.of(words));
        return Typed.run(Map.of("LOOMTUNNEL_TOKENS", file.toString()), all.toArray(String[]::new));
    }
}
