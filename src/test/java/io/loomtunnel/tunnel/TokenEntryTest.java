package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenEntryTest {
    private static final String HASH = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    private static final String LINE = "id=alice sha256=" + HASH + " host=app.example.com,*.alice.example tcp=db,ssh connections=2 streams=100 "
            + "expires=2027-01-31T00:00:00Z revoked=2026-12-01T12:00:00Z";

    @Test void whatIsWrittenIsReadAgain() {
        assertEquals(LINE, TokenEntry.parse(LINE).line());
        var least = "id=a sha256=" + HASH + " host=*";
        assertEquals(least, TokenEntry.parse(least).line());
        assertEquals(TokenEntry.parse(LINE), TokenEntry.parse("  tcp=db,ssh " + LINE.replace(" tcp=db,ssh", "") + "\r"));
    }

    @Test void aListHasCommentsAndEmptyLines() {
        var list = TokenEntry.parseAll("# tokens\n\n" + LINE + "\n  # more\r\nid=b sha256=" + TokenEntry.digest("b") + " tcp=*");
        assertEquals(List.of("alice", "b"), list.stream().map(TokenEntry::id).toList());
        assertEquals(List.of(), TokenEntry.parseAll(""));
    }

    @Test void whatIsWrongIsNamedByItsLineAndWithoutTheDigest() {
        assertWrong("sha256 must be", LINE.replace("ad ", "a "));
        assertWrong("sha256 must be", LINE.replace("ba78", "xy78"));
        assertWrong("an id has", LINE.replace("id=alice", "id=-x"));
        assertWrong("an id has", LINE.replace("id=alice ", ""));
        assertWrong("not a host name", LINE.replace("app.example.com", "app..com"));
        assertWrong("not a host name", LINE.replace("app.example.com", ""));
        assertWrong("with all its paths", LINE.replace("app.example.com", "app.example.com/api"));
        assertWrong("not the name of a TCP service", LINE.replace("db", "d/b"));
        assertWrong("connections must be a number", LINE.replace("connections=2", "connections=0"));
        assertWrong("streams must be a number", LINE.replace("streams=100", "streams=many"));
        assertWrong("expires must be a time", LINE.replace("2027-01-31T00:00:00Z", "2027-01-31"));
        assertWrong("host= is there twice", LINE + " host=a");
        assertWrong("a word is none of", LINE + " hosts=a");
        assertWrong("neither host nor tcp", "id=a sha256=" + HASH);
    }

    private static void assertWrong(String reason, String line) {
        var said = assertThrows(IllegalArgumentException.class, () -> TokenEntry.parseAll("# first\n" + line)).getMessage();
        assertTrue(said.startsWith("line 2: ") && said.contains(reason), said);
        assertFalse(said.contains(HASH.substring(4, 60)), said);
    }

    @Test void idAndSecretAreThereOnce() {
        var other = "id=bob sha256=" + TokenEntry.digest("bob") + " host=*";
        var twice = assertThrows(IllegalArgumentException.class, () -> TokenEntry.parseAll(other + "\n" + LINE + "\n" + LINE));
        assertEquals("line 3: id alice is there twice", twice.getMessage());
        var same = assertThrows(IllegalArgumentException.class, () -> TokenEntry.parseAll(LINE + "\n" + LINE.replace("id=alice", "id=bob")));
        assertEquals("line 2: its secret is that of another line, too", same.getMessage());
    }

    @Test void theDigestIsSha256() {                                                             // FIPS 180-4, its example
        assertEquals(HASH, TokenEntry.digest("abc"));
        assertThrows(IllegalArgumentException.class, () -> TokenEntry.digest(""));
        assertThrows(IllegalArgumentException.class, () -> TokenEntry.digest("two words"));
    }

    @Test void secretsAreLongAndDiffer() {
        var secret = TokenEntry.newSecret();
        assertTrue(secret.matches("lt_[A-Za-z0-9_-]{43}"), secret);
        assertNotEquals(secret, TokenEntry.newSecret());
    }

    @Test void theDigestIsNotShown() {
        assertEquals("TokenEntry[alice]", TokenEntry.parse(LINE).toString());
        assertFalse(new PtthRequest(List.of(Route.CATCH_ALL), ClientId.fresh(), "s3cret", "").toString().contains("s3cret"));
    }

    @Test void hostsOfATokenCoverTheirPathsAndNothingElse() {
        assertAllowed("app.example.com", "app.example.com", "app.example.com/api");
        assertForbidden("app.example.com", "example.com", "b.app.example.com", "*.app.example.com", "*", "xapp.example.com", "tcp:app.example.com");
        assertAllowed("*.example.com", "a.example.com", "*.example.com", "a.b.example.com", "*.b.example.com");
        assertForbidden("*.example.com", "example.com", "xexample.com", "*.com", "*");
        assertAllowed("*", "*", "a.example", "*.example", "[::1]");
        assertForbidden("*", "tcp:db");
    }

    @Test void aTcpServiceIsAllowedByItsName() {
        var entry = TokenEntry.parse("id=a sha256=" + HASH + " tcp=DB");
        assertEquals("", entry.forbidden(routes("tcp:db")));
        assertEquals("this token may not have the TCP service ssh; it may have db", entry.forbidden(routes("tcp:db", "tcp:ssh")));
        assertEquals("this token may not have app.example; it may have no host", entry.forbidden(routes("tcp:db", "app.example")));
        assertEquals("", TokenEntry.parse("id=a sha256=" + HASH + " tcp=*").forbidden(routes("tcp:anything")));
    }

    @Test void itEndsWhenItExpiresOrIsRevoked() {
        var expires = Instant.parse("2027-01-31T00:00:00Z");
        var entry = TokenEntry.parse(LINE.replaceAll(" revoked.*", ""));
        assertEquals("", entry.ended(expires.minusNanos(1)));
        assertEquals("this token expired at 2027-01-31T00:00:00Z", entry.ended(expires));
        var revoked = entry.revoked(Instant.parse("2026-12-01T12:00:00.5Z"));
        assertEquals(LINE, revoked.line());
        assertEquals("this token was revoked", revoked.ended(Instant.EPOCH));
        assertEquals(revoked, revoked.revoked(Instant.now()));
    }

    private static void assertAllowed(String host, String... routes) {
        var entry = TokenEntry.parse("id=a sha256=" + HASH + " host=" + host);
        for (var route : routes) assertEquals("", entry.forbidden(routes(route)), host + " covers " + route);
    }

    private static void assertForbidden(String host, String... routes) {
        var entry = TokenEntry.parse("id=a sha256=" + HASH + " host=" + host);
        for (var route : routes) assertNotEquals("", entry.forbidden(routes(route)), host + " does not cover " + route);
    }

    private static List<Route> routes(String... routes) {
        return Arrays.stream(routes).map(Route::of).toList();
    }
}
