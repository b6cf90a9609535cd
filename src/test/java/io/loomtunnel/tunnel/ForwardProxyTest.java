package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loomtunnel.tunnel.ForwardProxy.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForwardProxyTest {
    @Test void aUrlIsReadAsPeopleWriteIt() {
        assertEquals(new ForwardProxy(Kind.HTTP, "proxy.corp", 3128, "", ""), ForwardProxy.of("http://proxy.corp:3128"));
        assertEquals(new ForwardProxy(Kind.HTTP, "proxy.corp", 3128, "", ""), ForwardProxy.of("proxy.corp:3128/"));
        assertEquals(new ForwardProxy(Kind.HTTP, "proxy.corp", 80, "", ""), ForwardProxy.of("HTTP://proxy.corp"));
        assertEquals(new ForwardProxy(Kind.SOCKS5, "::1", 1080, "", ""), ForwardProxy.of("socks5h://[::1]"));
        assertEquals(new ForwardProxy(Kind.SOCKS5, "::1", 9, "me", "x"), ForwardProxy.of("socks5://me:x@[::1]:9"));
    }

    @Test void userAndPasswordArePercentDecoded() {
        assertEquals(new ForwardProxy(Kind.HTTP, "p", 1, "CORP\\me", "a@b:c/d+e"), ForwardProxy.of("http://CORP%5Cme:a%40b:c%2Fd+e@p:1"));
        assertEquals(new ForwardProxy(Kind.HTTP, "p", 1, "me", "a@b"), ForwardProxy.of("http://me:a@b@p:1"));
    }

    @Test void whatIsNoProxyIsRefusedWithoutRepeatingIt() {
        for (var url : List.of("https://hush:hush@p:1", "ftp://hush:hush@p:1", "http://hush:hush@p:70000", "http://hush:hush@p:0", "http://hush:hush@p:x",
                "http://hush:hush@", "http://hush:hush@p:1/hush", "http://hush:hu%zzsh@p:1", "http://:hush@p:1", "http://hush:hush%0a@p:1",
                "http://hu%3Ash:hush@p:1", "socks5://hush@p:1", "socks5://hush:" + "hush".repeat(64) + "@p:1", "http://hush:hush@[::1:1")) {
            var refusal = assertThrows(IllegalArgumentException.class, () -> ForwardProxy.of(url), url);
            assertFalse(refusal.getMessage().contains("hush"), refusal.getMessage());
        }
    }

    @Test void theTextHasNeitherUserNorPassword() {
        assertEquals("http://p:1", ForwardProxy.of("http://me:hush@p:1").toString());
        assertEquals("socks5://[::1]:1", ForwardProxy.of("socks5://me:hush@[::1]:1").toString());
    }
}
