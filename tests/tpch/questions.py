"""The 22 business questions of TPC-H, with the values that the benchmark validates by.

Each is one or more steps, the last of which answers it. The SQL is written for this project from what the
benchmark asks, not copied from its query texts: joins stand in FROM, what is used twice is a step.
"""

from __future__ import annotations

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")

QUESTIONS: dict[int, dict[str, str]] = {
    # Pricing summary: what was shipped up to 90 days before the end of 1998's last order day.
    1: {
        "answer": """
            SELECT l_returnflag, l_linestatus,
                   sum(l_quantity) AS quantity,
                   sum(l_extendedprice) AS base_price,
                   sum(l_extendedprice * (1 - l_discount)) AS discounted,
                   sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS charged,
                   avg(l_quantity) AS mean_quantity,
                   avg(l_extendedprice) AS mean_price,
                   avg(l_discount) AS mean_discount,
                   count(*) AS lines
            FROM lineitem
            WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL 90 DAY
            GROUP BY l_returnflag, l_linestatus
            ORDER BY l_returnflag, l_linestatus
        """,
    },
    # Minimum cost supplier: who in Europe sells a kind of part most cheaply.
    2: {
        "offers": """
            SELECT ps_partkey, ps_supplycost, s_acctbal, s_name, n_name, s_address, s_phone, s_comment
            FROM partsupp
            JOIN supplier ON s_suppkey = ps_suppkey
            JOIN nation ON n_nationkey = s_nationkey
            JOIN region ON r_regionkey = n_regionkey AND r_name = 'EUROPE'
        """,
        "answer": """
            SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
            FROM part
            JOIN offers AS o ON o.ps_partkey = p_partkey
            WHERE p_size = 15 AND p_type LIKE '%BRASS'
              AND o.ps_supplycost = (
                  SELECT min(c.ps_supplycost) FROM offers AS c WHERE c.ps_partkey = p_partkey
              )
            ORDER BY s_acctbal DESC, n_name, s_name, p_partkey
            LIMIT 100
        """,
    },
    # Shipping priority: the ten unshipped orders of a segment that are worth most.
    3: {
        "answer": """
            SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
            FROM customer
            JOIN orders ON o_custkey = c_custkey
            JOIN lineitem ON l_orderkey = o_orderkey
            WHERE c_mktsegment = 'BUILDING' AND o_orderdate < DATE '1995-03-15'
              AND l_shipdate > DATE '1995-03-15'
            GROUP BY l_orderkey, o_orderdate, o_shippriority
            ORDER BY revenue DESC, o_orderdate
            LIMIT 10
        """,
    },
    # Order priority checking: orders of a quarter with a line that came late.
    4: {
        "answer": """
            SELECT o_orderpriority, count(*) AS orders
            FROM orders AS o
            WHERE o_orderdate >= DATE '1993-07-01'
              AND o_orderdate < DATE '1993-07-01' + INTERVAL 3 MONTH
              AND EXISTS (
                  SELECT 1 FROM lineitem AS l
                  WHERE l.l_orderkey = o.o_orderkey AND l.l_commitdate < l.l_receiptdate
              )
            GROUP BY o_orderpriority
            ORDER BY o_orderpriority
        """,
    },
    # Local supplier volume: what customers of a region bought from suppliers of their own nation.
    5: {
        "answer": """
            SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
            FROM region
            JOIN nation ON n_regionkey = r_regionkey
            JOIN customer ON c_nationkey = n_nationkey
            JOIN orders ON o_custkey = c_custkey
            JOIN lineitem ON l_orderkey = o_orderkey
            JOIN supplier ON s_suppkey = l_suppkey AND s_nationkey = c_nationkey
            WHERE r_name = 'ASIA' AND o_orderdate >= DATE '1994-01-01' AND o_orderdate < DATE '1995-01-01'
            GROUP BY n_name
            ORDER BY revenue DESC
        """,
    },
    # Forecasting revenue change: what small discounts of a year on small quantities cost.
    6: {
        "answer": """
            SELECT sum(l_extendedprice * l_discount) AS revenue
            FROM lineitem
            WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1994-01-01' + INTERVAL 1 YEAR
              AND l_discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01
              AND l_quantity < 24
        """,
    },
    # Volume shipping: the trade between two nations, by year.
    7: {
        "answer": """
            SELECT s.n_name AS supplier_nation, c.n_name AS customer_nation,
                   extract(year FROM l_shipdate) AS shipped,
                   sum(l_extendedprice * (1 - l_discount)) AS revenue
            FROM lineitem
            JOIN supplier ON s_suppkey = l_suppkey
            JOIN nation AS s ON s.n_nationkey = s_nationkey
            JOIN orders ON o_orderkey = l_orderkey
            JOIN customer ON c_custkey = o_custkey
            JOIN nation AS c ON c.n_nationkey = c_nationkey
            WHERE l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
              AND ((s.n_name = 'FRANCE' AND c.n_name = 'GERMANY')
                OR (s.n_name = 'GERMANY' AND c.n_name = 'FRANCE'))
            GROUP BY 1, 2, 3
            ORDER BY 1, 2, 3
        """,
    },
    # National market share: how much of a region's purchases of a part type one nation supplies.
    8: {
        "sold": """
            SELECT year(o_orderdate) AS ordered, l_extendedprice * (1 - l_discount) AS volume,
                   s.n_name AS nation
            FROM part
            JOIN lineitem ON l_partkey = p_partkey
            JOIN supplier ON s_suppkey = l_suppkey
            JOIN nation AS s ON s.n_nationkey = s_nationkey
            JOIN orders ON o_orderkey = l_orderkey
            JOIN customer ON c_custkey = o_custkey
            JOIN nation AS c ON c.n_nationkey = c_nationkey
            JOIN region ON r_regionkey = c.n_regionkey
            WHERE r_name = 'AMERICA' AND p_type = 'ECONOMY ANODIZED STEEL'
              AND o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
        """,
        "answer": """
            SELECT ordered, sum(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume) AS share
            FROM sold
            GROUP BY ordered
            ORDER BY ordered
        """,
    },
    # Product type profit measure: what parts of a colour earned, by nation and year.
    9: {
        "earned": """
            SELECT n_name AS nation, date_part('year', o_orderdate) AS ordered,
                   l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount
            FROM lineitem
            JOIN part ON p_partkey = l_partkey AND p_name LIKE '%green%'
            JOIN partsupp ON ps_partkey = l_partkey AND ps_suppkey = l_suppkey
            JOIN supplier ON s_suppkey = l_suppkey
            JOIN nation ON n_nationkey = s_nationkey
            JOIN orders ON o_orderkey = l_orderkey
        """,
        "answer": """
            SELECT nation, ordered, sum(amount) AS profit
            FROM earned
            GROUP BY nation, ordered
            ORDER BY nation, ordered DESC
        """,
    },
    # Returned item reporting: the customers who sent most back in a quarter.
    10: {
        "returned": """
            SELECT o_custkey, sum(l_extendedprice * (1 - l_discount)) AS revenue
            FROM orders
            JOIN lineitem ON l_orderkey = o_orderkey AND l_returnflag = 'R'
            WHERE o_orderdate >= DATE '1993-10-01' AND o_orderdate < DATE '1994-01-01'
            GROUP BY o_custkey
        """,
        "answer": """
            SELECT c_custkey, c_name, revenue, c_acctbal, n_name, c_address, c_phone, c_comment
            FROM customer
            JOIN returned ON o_custkey = c_custkey
            JOIN nation ON n_nationkey = c_nationkey
            ORDER BY revenue DESC
            LIMIT 20
        """,
    },
    # Important stock identification: the parts that make up most of a nation's stock, by scale.
    11: {
        "stock": """
            SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS worth
            FROM partsupp
            JOIN supplier ON s_suppkey = ps_suppkey
            JOIN nation ON n_nationkey = s_nationkey AND n_name = 'GERMANY'
            GROUP BY ps_partkey
        """,
        "answer": """
            SELECT ps_partkey, worth
            FROM stock
            WHERE worth > (SELECT sum(worth) FROM stock) * {share}
            ORDER BY worth DESC
        """,
    },
    # Shipping modes and order priority: does the cheaper mode delay urgent orders?
    12: {
        "answer": """
            SELECT l_shipmode,
                   count(*) FILTER (WHERE o_orderpriority IN ('1-URGENT', '2-HIGH')) AS urgent,
                   count(*) FILTER (WHERE o_orderpriority NOT IN ('1-URGENT', '2-HIGH')) AS others
            FROM orders
            JOIN lineitem ON l_orderkey = o_orderkey
            WHERE l_shipmode IN ('MAIL', 'SHIP')
              AND l_shipdate < l_commitdate AND l_commitdate < l_receiptdate
              AND l_receiptdate >= DATE '1994-01-01' AND l_receiptdate < DATE '1995-01-01'
            GROUP BY l_shipmode
            ORDER BY l_shipmode
        """,
    },
    # Customer distribution: how many customers have how many orders, none included.
    13: {
        "per_customer": """
            SELECT c_custkey, count(o_orderkey) AS orders
            FROM customer
            LEFT JOIN orders ON o_custkey = c_custkey AND o_comment NOT LIKE '%special%requests%'
            GROUP BY c_custkey
        """,
        "answer": """
            SELECT orders, count(*) AS customers
            FROM per_customer
            GROUP BY orders
            ORDER BY customers DESC, orders DESC
        """,
    },
    # Promotion effect: the share of a month's revenue that promoted parts had.
    14: {
        "answer": """
            SELECT 100.00 * sum(
                       CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END
                   ) / sum(l_extendedprice * (1 - l_discount)) AS promoted
            FROM lineitem
            JOIN part ON p_partkey = l_partkey
            WHERE l_shipdate >= DATE '1995-09-01' AND l_shipdate < DATE '1995-10-01'
        """,
    },
    # Top supplier: who shipped for most in a quarter.
    15: {
        "revenue": """
            SELECT l_suppkey, sum(l_extendedprice * (1 - l_discount)) AS total
            FROM lineitem
            WHERE l_shipdate >= DATE '1996-01-01' AND l_shipdate < DATE '1996-01-01' + INTERVAL 3 MONTH
            GROUP BY l_suppkey
        """,
        "answer": """
            SELECT s_suppkey, s_name, s_address, s_phone, total
            FROM supplier
            JOIN revenue ON l_suppkey = s_suppkey
            WHERE total = (SELECT max(total) FROM revenue)
            ORDER BY s_suppkey
        """,
    },
    # Parts and suppliers: how many suppliers without complaints sell parts as wished.
    16: {
        "answer": """
            SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS suppliers
            FROM partsupp
            JOIN part ON p_partkey = ps_partkey
            WHERE p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM POLISHED%'
              AND p_size IN (49, 14, 23, 45, 19, 3, 36, 9)
              AND ps_suppkey NOT IN (
                  SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%'
              )
            GROUP BY p_brand, p_type, p_size
            ORDER BY suppliers DESC, p_brand, p_type, p_size
        """,
    },
    # Small-quantity-order revenue: what a year would lose without small orders of some parts.
    17: {
        "usual": """
            SELECT l_partkey AS partkey, 0.2 * avg(l_quantity) AS small FROM lineitem GROUP BY l_partkey
        """,
        "answer": """
            SELECT sum(l_extendedprice) / 7.0 AS a_year
            FROM lineitem
            JOIN part ON p_partkey = l_partkey AND p_brand = 'Brand#23' AND p_container = 'MED BOX'
            JOIN usual ON partkey = l_partkey
            WHERE l_quantity < small
        """,
    },
    # Large volume customer: orders of more than 300 pieces.
    18: {
        "large": "SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 300",
        "answer": """
            SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) AS pieces
            FROM customer
            JOIN orders ON o_custkey = c_custkey
            JOIN lineitem AS l ON l.l_orderkey = o_orderkey
            WHERE o_orderkey IN (SELECT l_orderkey FROM large)
            GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
            ORDER BY o_totalprice DESC, o_orderdate
            LIMIT 100
        """,
    },
    # Discounted revenue: three kinds of parts, handled by air and in person.
    19: {
        "answer": """
            SELECT sum(l_extendedprice * (1 - l_discount)) AS revenue
            FROM lineitem
            JOIN part ON p_partkey = l_partkey
            WHERE l_shipmode IN ('AIR', 'AIR REG') AND l_shipinstruct = 'DELIVER IN PERSON' AND p_size >= 1
              AND ((p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
                    AND l_quantity BETWEEN 1 AND 11 AND p_size <= 5)
                OR (p_brand = 'Brand#23' AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK')
                    AND l_quantity BETWEEN 10 AND 20 AND p_size <= 10)
                OR (p_brand = 'Brand#34' AND p_container IN ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG')
                    AND l_quantity BETWEEN 20 AND 30 AND p_size <= 15))
        """,
    },
    # Potential part promotion: suppliers with more of some parts in stock than half of what a year took.
    20: {
        "taken": """
            SELECT l_partkey, l_suppkey, 0.5 * sum(l_quantity) AS half
            FROM lineitem
            WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'
            GROUP BY l_partkey, l_suppkey
        """,
        "answer": """
            SELECT s_name, s_address
            FROM supplier
            JOIN nation ON n_nationkey = s_nationkey AND n_name = 'CANADA'
            WHERE s_suppkey IN (
                SELECT ps_suppkey
                FROM partsupp
                JOIN taken ON l_partkey = ps_partkey AND l_suppkey = ps_suppkey
                WHERE ps_availqty > half
                  AND ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE 'forest%')
            )
            ORDER BY s_name
        """,
    },
    # Suppliers who kept orders waiting: alone among several suppliers of an order.
    21: {
        "answer": """
            SELECT s_name, count(*) AS waits
            FROM supplier
            JOIN nation ON n_nationkey = s_nationkey AND n_name = 'SAUDI ARABIA'
            JOIN lineitem AS late ON late.l_suppkey = s_suppkey AND late.l_receiptdate > late.l_commitdate
            JOIN orders ON o_orderkey = late.l_orderkey AND o_orderstatus = 'F'
            WHERE EXISTS (
                SELECT 1 FROM lineitem AS o
                WHERE o.l_orderkey = late.l_orderkey AND o.l_suppkey <> late.l_suppkey
              )
              AND NOT EXISTS (
                SELECT 1 FROM lineitem AS o
                WHERE o.l_orderkey = late.l_orderkey AND o.l_suppkey <> late.l_suppkey
                  AND o.l_receiptdate > o.l_commitdate
              )
            GROUP BY s_name
            ORDER BY waits DESC, s_name
            LIMIT 100
        """,
    },
    # Global sales opportunity: customers of some countries with money and without orders.
    22: {
        "reachable": """
            SELECT substring(c_phone FROM 1 FOR 2) AS country, c_acctbal, c_custkey
            FROM customer
            WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17')
        """,
        "answer": """
            SELECT country, count(*) AS customers, sum(c_acctbal) AS balance
            FROM reachable AS r
            WHERE c_acctbal > (SELECT avg(c_acctbal) FROM reachable WHERE c_acctbal > 0.00)
              AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.o_custkey = r.c_custkey)
            GROUP BY country
            ORDER BY country
        """,
    },
}
