// java -cp <jar> HtmlUnitPage.java <browser> <url>: opens one page in HtmlUnit, until it is ended.
import com.gargoylesoftware.htmlunit.BrowserVersion;
import com.gargoylesoftware.htmlunit.WebClient;
import java.util.logging.Level;
import java.util.logging.Logger;

public class HtmlUnitPage {
    public static void main(String[] arguments) throws Exception {
        Logger.getLogger("").setLevel(Level.OFF);
        BrowserVersion version = (BrowserVersion) BrowserVersion.class.getField(arguments[0]).get(null);
        WebClient client = new WebClient(version);
        client.getOptions().setThrowExceptionOnScriptError(false);
        client.getOptions().setThrowExceptionOnFailingStatusCode(false);
        client.getOptions().setCssEnabled(false);
        client.getOptions().setTimeout(60_000);
        client.setAlertHandler((page, message) -> System.out.println(message));
        client.getPage(arguments[1]);
        Thread.sleep(Long.MAX_VALUE);
    }
}
