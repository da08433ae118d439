"""Problems: data + model + loss (+ known optimum). One file per problem; `conf/problem/` names them."""
