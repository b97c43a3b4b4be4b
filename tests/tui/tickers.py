"""Tickers that people type often."""

_TEXT = """
aapl abbv abnb abt acn adbe adp aig amat amd amgn amt amzn arkk asml avgo axp ba baba bac bb bidu bk
blk bmy brk bsx bx cat cb chtr ci cl cmcsa coin cop cost crm crwd csco cvs cvx dal dash dd de dell
dia dis dkng docu duk ebay eem el enph etsy fdx fcx fslr fubo fxi gd gdx ge gild gld gm gme gool
goog googl gs hd hlt hon hood hpq hyg ibm intc intu isrg iwm jnj jpm jnk jd kkr kmi ko kr kweb lcid
lin llon lly lmt low lrcx lulu lvs ma mara mcd mdlz mdt meta mmm mo mrk mrna ms msft mstr mu nclh
nee nem nflx nio nke now nvda orcl oxy panw pep pfe pg pltr pm pypl qcom qqq rblx rivn roku rtx sbux
schw shop slv smci snap snow sofi spy sqqq tgt tlt tqqq tsla tsm uber ung unh uso uup vix vxx vz wba
wfc wmt xlf xom
"""

TICKERS = tuple(_TEXT.split())
"""Two letters and more, lower case: a single letter is a command and is meant as one."""
