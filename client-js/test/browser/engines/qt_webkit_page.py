"""Opens one page in QtWebKit, until it is ended."""

import sys

from PyQt5.QtCore import QUrl
from PyQt5.QtWebKitWidgets import QWebPage
from PyQt5.QtWidgets import QApplication


class Page(QWebPage):
    def javaScriptConsoleMessage(self, message, line, source):
        print(f"{message} ({source}:{line})", flush=True)


application = QApplication(sys.argv[:1])
page = Page()
page.mainFrame().load(QUrl(sys.argv[1]))
sys.exit(application.exec_())
