package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.loomtunnel.tunnel.Authenticator.Verdict;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokensTest {
    private static final List<Route> APP = List.of(Route.of("app.example"));
    private static final Instant END = Instant.parse("2027-01-31T00:00:00Z");

    private List<TokenEntry> list = List.of();
    private Instant now = END.minusSeconds(10);
    private final Tokens tokens = new Tokens(() -> list, () -> now);

    @Test void aSecretIsKnownFromTheMomentOnInWhichItIsListed() {
        assertInstanceOf(Verdict.Unknown.class, tokens.judge("s3cret", APP));
        list = List.of(entry("a", "other", "*"), entry("b", "s3cret", "*"));
        assertEquals("b", granted("s3cret").owner());
        for (var token : List.of("", "S3cret", "s3cre", "s3cret ", list.getLast().sha256())) {
            assertInstanceOf(Verdict.Unknown.class, tokens.judge(token, APP), token);
        }
    }

    @Test void whatATokenMayNotHaveIsForbidden() {
        list = List.of(entry("a", "s3cret", "other.example"));
        var verdict = assertInstanceOf(Verdict.Forbidden.class, tokens.judge("s3cret", APP));
        assertEquals("this token may not have app.example; it may have other.example", verdict.reason());
    }

    @Test void anEndedTokenIsToldWhy() {
        list = List.of(new TokenEntry("a", TokenEntry.digest("s3cret"), List.of("*"), List.of(), 1, 1, END, Instant.MAX));
        granted("s3cret");
        now = END;
        assertEquals("this token expired at " + END, assertInstanceOf(Verdict.Ended.class, tokens.judge("s3cret", APP)).reason());
        list = List.of(list.getFirst().revoked(END));
        assertEquals("this token was revoked", assertInstanceOf(Verdict.Ended.class, tokens.judge("s3cret", APP)).reason());
    }

    @Test void whatStaysKeepsItsGrantAndHearsOfChanges() {
        list = List.of(entry("a", "s3cret", "*"));
        var grant = granted("s3cret");
        assertEquals("", grant.objection(APP, now));
        list = List.of(entry("z", "new", "*"), entry("a", "s3cret", "app.example"));
        assertSame(grant, granted("s3cret"));
        assertEquals("", grant.objection(APP, now));
        list = List.of(entry("a", "s3cret", "other.example"));
        tokens.refresh();
        assertEquals("this token may not have app.example; it may have other.example", grant.objection(APP, now));
    }

    @Test void whatIsGoneOrHasAnotherSecretLosesItsGrant() {
        list = List.of(entry("a", "s3cret", "*"));
        var grant = granted("s3cret");
        list = List.of(entry("a", "another", "*"));
        tokens.refresh();
        assertEquals("this token is not known here any more", grant.objection(APP, now));
        assertNotSame(grant, granted("another"));
        assertInstanceOf(Verdict.Unknown.class, tokens.judge("s3cret", APP));
    }

    private Grant granted(String secret) {
        return assertInstanceOf(Verdict.Granted.class, tokens.judge(secret, APP)).grant();
    }

    static TokenEntry entry(String id, String secret, String host) {
        return new TokenEntry(id, TokenEntry.digest(secret), List.of(host), List.of(), TokenEntry.UNLIMITED, TokenEntry.UNLIMITED, Instant.MAX, Instant.MAX);
    }
}
