"""The dialect bridge: translate, bind, analyse."""
